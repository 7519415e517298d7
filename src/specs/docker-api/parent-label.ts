/**
 * The label that puts a container into another one: it names that one when it is asked for, and is its id from then on.
 * One that is inside shares the limits of the other, ends with it, and goes with it.
 */
export const PARENT_LABEL = "tug.parent";
