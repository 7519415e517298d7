/** Something that the tests would use and that this machine cannot have. The message is the reason that a skip shows. */
export class Unavailable extends Error {
  override readonly name = "Unavailable";
}
