/** How sending goes, for the participant: a word in the corner during the study, a page after it. */
import { download, show } from './page.ts'
import type { Queue } from './queue.ts'
import type { SendState } from './sender.ts'
import { number, say } from './texts/index.ts'

/** Why what was recorded is still here, by the key of its sentence. */
function whyOffline(refused: boolean, kept: boolean): 'savingRefused' | 'savingOffline' | 'savingMemory' {
  if (refused) return 'savingRefused'
  return kept ? 'savingOffline' : 'savingMemory'
}

/** Two requests failed in a row, or one while the browser says that there is no network. */
const isOffline = ({ failures }: SendState): boolean => failures > 1 || (failures > 0 && !navigator.onLine)

/** What the corner says while the study runs; undefined when all is well. */
export function cornerText({ kept, lasting, left }: Queue, state: SendState): string | undefined {
  if (!kept) return say(lasting ? 'diskBadge' : 'memoryBadge')
  return isOffline(state) && left > 0 ? say('offlineBadge', { n: number(left) }) : undefined
}

/** The page after the study, until everything has arrived. `most`: how many records were left when it came. */
export function showSaving(queue: Queue, state: SendState, most: number): void {
  const { left, kept, run } = queue
  if (run.aborting) {
    show({ state: 'aborting', title: say('abortingTitle'), sentence: say('aborting'), progress: 'busy' })
    return
  }
  const common = {
    progress: most > 0 ? 1 - left / most : ('busy' as const),
    note: say('left', { n: number(left) }),
  }
  if (!isOffline(state) && !state.refused) {
    show({ ...common, state: 'saving', title: say('savingTitle'), sentence: say('saving') })
    return
  }
  const save = (): void => {
    void queue.asFile().then((file) => download(`${run.runId}.sealed`, file))
  }
  show({
    ...common,
    state: 'offline',
    tone: 'warn',
    title: say('savingOfflineTitle'),
    sentence: say(whyOffline(state.refused, kept)),
    button: { label: say('download'), act: save },
  })
}
