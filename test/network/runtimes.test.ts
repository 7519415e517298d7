import assert from "node:assert/strict";
import { test } from "node:test";
import { configureRuntimes, needsRuntime, otherRuntimes, until } from "../e2e/harness/index.ts";
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

const skip = busybox.skip || needsRuntime("runc") || needsRuntime("crun");

inOwnNetwork(import.meta.filename, skip, () => {
  test("containers of other runtimes have networks, names and published ports", async () => {
    await using tug = await startHere();
    await tug.stopEngine("SIGTERM");
    await configureRuntimes(tug);
    await startEngine(tug);
    const ok = succeeding(tug);
    const before = linksHere();
    await ok("network", "create", "shop");
    for (const [index, runtime] of otherRuntimes.entries()) {
      const script = `mkdir /www && echo page of ${runtime} > /www/index.html && exec httpd -f -h /www`;
      const [name, port] = [`web-${runtime}`, 8081 + index];
      const options = ["--runtime", runtime, "--network", "shop", "-p", `${port}:80`];
      await ok("run", "-d", "--name", name, ...options, "busybox", "sh", "-c", script);
      await until("the page is there", () => fetchFrom(`127.0.0.1:${port}`) === `page of ${runtime}\n`);
      for (const other of ["tug", ...otherRuntimes]) {
        const asks = ["run", "--rm", "--runtime", other, "--network", "shop", "busybox"];
        assert.equal(await ok(...asks, "wget", "-q", "-O", "-", `http://${name}/`), `page of ${runtime}\n`);
      }
      const shared = ["run", "--rm", "--runtime", runtime, "--network", `container:${name}`, "busybox"];
      assert.equal(await ok(...shared, "wget", "-q", "-O", "-", "http://127.0.0.1/"), `page of ${runtime}\n`);
      await ok("rm", "-f", name);
    }
    await ok("network", "rm", "shop");
    await linksBecome(before);
  });
});
