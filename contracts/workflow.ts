/** What the one workflow (contracts/workflow.asl.json) is told by its first step. */

/** Values of `$.compute`, on which the definition's choice branches: which of its states computes, or none. */
export type ComputeBranch = 'query' | 'container' | 'pipeline' | 'registration' | 'none'
