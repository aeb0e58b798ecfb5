/** How the methods divide their budget and their work; by the same numbers a quote says what a job will take. */

/**
 * How AIM divides its budget and its work. `oneWays`, `moreOneWays`: parts of the budget for one-way counts;
 * `choosing`: part of a round's budget that pays for its choice; `perColumn`, `mostRounds`: rounds that the budget is
 * first divided into, by column and at most; `perRound`: candidates that a round looks at; `merge`: groups under this
 * many sigma are merged; `early`, `last`: how well the model is fitted between rounds and at the end.
 */
export const aimSettings = {
  oneWays: 0.08,
  moreOneWays: 0.25,
  choosing: 0.1,
  perColumn: 4,
  mostRounds: 240,
  perRound: 1500,
  merge: 3,
  early: { sweeps: 8, tolerance: 0.002, stiffness: 1 },
  last: { sweeps: 60, tolerance: 1e-4, stiffness: 1 },
}

/**
 * `oneWays`, `moreOneWays`, `choosing`: parts of the budget; `merge`: groups under this many sigma are merged;
 * `treeCells`: most cells of the tree that gives the first rows. `indirect`: a pair's distance from independence counts
 * this much when pairs are chosen. Tables lose much of their noise when they are made consistent with one another, so
 * more of them are worth their noise than each by itself; found on five tables of different kinds.
 */
export const privsynSettings = {
  oneWays: 0.1,
  moreOneWays: 0.25,
  choosing: 0.1,
  merge: 3,
  indirect: 1.3,
  treeCells: 60_000,
  descent: { sweeps: 6, part: 1, tolerance: 0.002 },
}
