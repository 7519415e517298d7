import assert from "node:assert/strict";
import { test } from "node:test";
import { configureSandbox, needsSandbox, until } from "../e2e/harness/index.ts";
import {
  busybox,
  fetchFrom,
  linksBecome,
  linksHere,
  startEngine,
  startHere,
  succeeding,
} from "./own-engine.ts";
import { inOwnNetwork } from "./own-network.ts";

inOwnNetwork(import.meta.filename, busybox.skip || needsSandbox(), () => {
  test("containers in sandboxes have networks, names and published ports", async () => {
    await using tug = await startHere();
    await tug.stopEngine("SIGTERM");
    await configureSandbox(tug);
    await startEngine(tug);
    const ok = succeeding(tug);
    const before = linksHere();
    await ok("network", "create", "shop");
    const script = "mkdir /www && echo page > /www/index.html && exec httpd -f -h /www";
    const options = ["--runtime", "runsc", "--network", "shop", "-p", "8081:80"];
    await ok("run", "-d", "--name", "web", ...options, "busybox", "sh", "-c", script);
    await until("the page is there", () => fetchFrom("127.0.0.1:8081") === "page\n");
    for (const runtime of ["tug", "runsc"]) {
      const asks = ["run", "--rm", "--runtime", runtime, "--network", "shop", "busybox"];
      assert.equal(await ok(...asks, "wget", "-q", "-O", "-", "http://web/"), "page\n");
    }
    await ok("rm", "-f", "web");
    await ok("network", "rm", "shop");
    await linksBecome(before);
  });
});
