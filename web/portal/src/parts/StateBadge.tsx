import { runLife, type RunState } from '../../../../domain/runs/life.ts'
import { studyLife, type StudyState } from '../../../../domain/studies/life.ts'
import type { LinkState } from '../../../../domain/studies/links.ts'

type Tone = 'idle' | 'active' | 'wait' | 'good' | 'bad'
const tone: Record<StudyState | RunState | LinkState, Tone> = {
  draft: 'idle', live: 'active', paused: 'wait', closed: 'idle',
  stale: 'wait', incomplete: 'wait', completed: 'good', aborted: 'bad', withdrawn: 'bad',
  open: 'active', expired: 'idle', used: 'idle', full: 'good', revoked: 'bad',
}
const linkMeaning: Partial<Record<LinkState, string>> = {
  open: 'Participants can start with it', expired: 'Its time has run out', used: 'Its one run has started', full: 'Its quota is reached', revoked: 'Taken back',
}

/** A state in a word, with a dot whose shape and colour both tell it, and its meaning on hover. */
export function StateBadge({ state, of }: { state: StudyState | RunState | LinkState; of: 'study' | 'run' | 'link' }) {
  const meaning = of === 'study' ? studyLife[state as StudyState].meaning : of === 'run' ? runLife[state as RunState].meaning : linkMeaning[state as LinkState]
  return <span className="state" data-tone={tone[state]} title={meaning}><i aria-hidden />{state}</span>
}
