export { createDecoder, type WebSocketEvent } from "./decoder.ts";
export { closeCodes, encodeClose, encodeFrame, opcodes } from "./frame.ts";
export { encodeHandshake, type Handshake, readHandshake } from "./handshake.ts";
