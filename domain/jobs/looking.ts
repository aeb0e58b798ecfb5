/**
 * How often the workflow looks at a container that is not over (contracts/workflow.asl.json).
 *
 * An execution of Step Functions holds 25,000 events, and a container of a pipeline may take four days. One look costs
 * at most nine of them: the task's five (entered, scheduled, started, succeeded, exited), the choice's two and the
 * wait's two. So looks become rarer as a container grows older: one an eighth of its age after the last, one a second
 * at the most and one in five minutes at the least. The end is then seen at most an eighth later than it came.
 *
 * - up to 8 s a look a second: 8 looks;
 * - up to 2,400 s each age is an eighth more than the last: ln 300 / ln 1.125, 49 looks;
 * - up to 345,600 s a look in 300 s: 1,144 looks.
 *
 * About 1,200 looks, 10,800 events (https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html): less
 * than half of what an execution holds, so that each look may fail once on the way (three events more).
 */

/** Seconds between looks: at least, at most, and as a part of the container's age. */
const shortest = 1
const longest = 300
const part = 8

/**
 * Whole seconds to wait before the next look at a container of this `age` when the last look took `looked` (both in
 * seconds). A look may itself wait for the end: where it did that for longer than the pause would be there is none. A
 * clock that was set back during the look made it none the shorter.
 */
export const secondsToNextLook = (age: number, looked: number): number =>
  Math.max(0, Math.ceil(Math.min(longest, Math.max(shortest, age / part)) - Math.max(0, looked)))
