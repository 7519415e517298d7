export { type KeyRing, maxKeyRing, type Opened, readKeyRing } from "./key-ring.ts";
export { maxMessage, readSignedMessage } from "./message.ts";
