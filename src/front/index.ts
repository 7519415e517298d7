export type { FrontConnection } from "./connection.ts";
export { type OciSessionOptions, runTugOci } from "./oci-session.ts";
export { rehearse } from "./rehearse.ts";
export type { FrontRequest } from "./request.ts";
export { createFrontServer, type FrontServerOptions } from "./server.ts";
export { declinesTug, isRepeatableTug, runTug, type TugSessionOptions } from "./tug-session.ts";
