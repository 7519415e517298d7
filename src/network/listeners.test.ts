import assert from "node:assert/strict";
import { test } from "node:test";
import { parseListeners } from "./listeners.ts";

test("listeners are found by port, in both versions of IP", () => {
  const text = `  sl  local_address rem_address   st tx_queue rx_queue
   0: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000
   1: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000
   2: 0100007F:0051 00000000:0000 0A 00000000:00000000 00:00000000
   3: 020011AC:0050 010011AC:C0DE 01 00000000:00000000 00:00000000
  nonsense`;
  assert.deepEqual(parseListeners(text, "tcp", 80), ["0.0.0.0", "127.0.0.1"]);
  const six = "0: 00000000000000000000000001000000:0035 00000000000000000000000000000000:0000 07";
  assert.deepEqual(parseListeners(six, "udp", 53), ["::1"]);
});
