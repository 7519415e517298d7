/** What somebody else wrote, such as a container or a registry, without what controls a terminal; lines stay lines. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "\ufffd");
}
