/**
 * Header of every answer, those that hand the connection over among them: a name that this engine has as long as it
 * lives, and the next one has not. In lower case, as headers are looked up. Ours; Docker's engine sends none.
 *
 * The output of a program ends where its connection ends, by whoever that was; the name tells a client whether it was by
 * the death of the engine.
 */
export const ENGINE_HEADER = "tug-engine";
