/**
 * Counts mutants as Stryker judges them, so that a run that ends early has still said what it found. A plugin of
 * Stryker's (a reporter named `tally`) and, as the same module, what `bench/mutants.ts` reads.
 */
import type { Stryker } from '@stryker-mutator/core'

export type Mutant = Awaited<ReturnType<Stryker['runMutationTest']>>[number]

/** Whether a test noticed; undefined for a mutant that was not run or does not compile. */
function isNoticed({ status }: Pick<Mutant, 'status'>): boolean | undefined {
  if (status === 'Killed' || status === 'Timeout') return true
  return status === 'Survived' || status === 'NoCoverage' ? false : undefined
}

/**
 * Of the room under way: how many were noticed and not, and who is told of each that was not. `timedOut` are those of
 * `noticed` whose tests came to no end: many of them on a busy machine say that it was busy.
 */
export const tally = { noticed: 0, timedOut: 0, survived: 0, onSurvivor: (_mutant: Mutant): void => {} }

/**
 * What Stryker looks for in a plugin.
 *
 * @public
 */
export const strykerPlugins = [
  {
    kind: 'Reporter',
    name: 'tally',
    value: {
      onMutantTested(mutant: Mutant): void {
        const noticed = isNoticed(mutant)
        if (noticed === true) tally.noticed++
        if (mutant.status === 'Timeout') tally.timedOut++
        if (noticed !== false) return
        tally.survived++
        tally.onSurvivor(mutant)
      },
    },
  },
]
