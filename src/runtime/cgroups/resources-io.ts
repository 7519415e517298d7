import type { LinuxBlockIo, LinuxThrottleDevice, LinuxWeightDevice } from "../../specs/oci-runtime/index.ts";
import { given, refuse, refuseOnV2, type Section, write } from "./section.ts";
import type { CgroupWrite } from "./writes.ts";

/** v1 weights, 10 to 1000, as v2's io.weight, 1 to 10000. Source: crun.1 "blkio controller" */
function ioWeight(weight: number): number {
  return 1 + Math.floor(((weight - 10) * 9999) / 990);
}

const throttles = [
  ["throttleReadBpsDevice", "blkio.throttle.read_bps_device", "rbps"],
  ["throttleWriteBpsDevice", "blkio.throttle.write_bps_device", "wbps"],
  ["throttleReadIOPSDevice", "blkio.throttle.read_iops_device", "riops"],
  ["throttleWriteIOPSDevice", "blkio.throttle.write_iops_device", "wiops"],
] as const;

/**
 * Shares and limits of block devices.
 *
 * Weights go to the BFQ scheduler where the kernel has it: on v2 in v1's own scale, on v1 under another name than the
 * CFQ scheduler's of older kernels. Else v2 has its own, with another scale.
 *
 * Source: https://docs.kernel.org/admin-guide/cgroup-v1/blkio-controller.html,
 * https://docs.kernel.org/admin-guide/cgroup-v2.html#io, https://docs.kernel.org/block/bfq-iosched.html
 */
export function ioWrites(io: LinuxBlockIo, section: Section): CgroupWrite[] {
  return [
    ...weightWrites(io, section),
    ...(io.weightDevice ?? []).flatMap((device, index) =>
      deviceWeightWrites(device, `weightDevice/${index}`, section),
    ),
    ...throttles.flatMap(([member, file, key]) =>
      (io[member] ?? []).map((device, index) => {
        const source = `${member}/${index}`;
        return section.version === 1
          ? write(section, source, { file, value: `${device.major}:${device.minor} ${device.rate}` })
          : write(section, source, { file: "io.max", value: maximum(device, key) });
      }),
    ),
  ];
}

/** On v1 a rate of 0 takes the limit away. */
function maximum({ major, minor, rate }: LinuxThrottleDevice, key: string): string {
  return `${major}:${minor} ${key}=${rate === 0n ? "max" : rate}`;
}

function weightWrites(io: LinuxBlockIo, section: Section): CgroupWrite[] {
  const weight = checkedWeight(io.weight, "weight", section);
  const leafWeight = checkedWeight(io.leafWeight, "leafWeight", section);
  if (leafWeight !== undefined && section.version === 2) throw refuseOnV2(section, "leafWeight");
  return [
    ...(weight === undefined ? [] : [weightWrite(section, "weight", { weight, prefix: "" })]),
    ...(leafWeight === undefined
      ? []
      : [write(section, "leafWeight", { file: "blkio.leaf_weight", value: leafWeight })]),
  ];
}

function deviceWeightWrites(device: LinuxWeightDevice, member: string, section: Section): CgroupWrite[] {
  const weight = checkedWeight(device.weight, `${member}/weight`, section);
  const leafWeight = checkedWeight(device.leafWeight, `${member}/leafWeight`, section);
  if (leafWeight !== undefined && section.version === 2) throw refuseOnV2(section, `${member}/leafWeight`);
  const prefix = `${device.major}:${device.minor} `;
  const writes: CgroupWrite[] = [];
  if (weight !== undefined) writes.push(weightWrite(section, `${member}/weight`, { weight, prefix }));
  if (leafWeight !== undefined) {
    const value = `${prefix}${leafWeight}`;
    writes.push(write(section, `${member}/leafWeight`, { file: "blkio.leaf_weight_device", value }));
  }
  return writes;
}

function weightWrite(
  section: Section,
  member: string,
  { weight, prefix }: { weight: number; prefix: string },
): CgroupWrite {
  const value = `${prefix}${weight}`;
  if (section.version === 2) {
    const instead = { file: "io.weight", value: `${prefix}${ioWeight(weight)}` };
    return write(section, member, { file: "io.bfq.weight", value, instead });
  }
  const suffix = prefix === "" ? "weight" : "weight_device";
  const instead = { file: `blkio.bfq.${suffix}`, value };
  return write(section, member, { file: `blkio.${suffix}`, value, instead });
}

function checkedWeight(weight: number | undefined, member: string, section: Section): number | undefined {
  const checked = given(weight);
  if (checked === undefined || (checked >= 10 && checked <= 1000)) return checked;
  throw refuse(section, member, [`${weight} is no weight`, "use 10 to 1000"]);
}
