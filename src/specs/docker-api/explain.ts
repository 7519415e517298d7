/** Answer to POST /tug/explain and GET /tug/containers/{id}/plan: what the helper executes, and its digest. */
export type ExplainedPlan = {
  /** The digest that the helper reports when it has executed these very bytes. */
  readonly Digest: string;
  /** The plan in lines for people, each with where it comes from. */
  readonly Text: string;
  /** The plan as data. */
  readonly Plan: unknown;
};
