import { datasetLife, type DatasetState } from '../../../../domain/datasets/life.ts'
import { jobLife, type JobState } from '../../../../domain/jobs/life.ts'
import { type PipelineRunState, runMeaning } from '../../../../domain/pipelines/life.ts'
import { runLife, type RunState } from '../../../../domain/runs/life.ts'
import { synthesisLife, type SynthesisState } from '../../../../domain/synthesis/life.ts'
import { studyLife, type StudyState } from '../../../../domain/studies/life.ts'
import type { LinkState } from '../../../../domain/studies/links.ts'
import styles from './StateBadge.module.css'

type Tone = 'idle' | 'active' | 'wait' | 'good' | 'bad'
const studyTone: Record<StudyState, Tone> = { draft: 'idle', live: 'active', paused: 'wait', closed: 'idle' }
const runTone: Record<RunState, Tone> = {
  live: 'active',
  stale: 'wait',
  incomplete: 'wait',
  completed: 'good',
  aborted: 'bad',
  withdrawn: 'bad',
}
const linkTone: Record<LinkState, Tone> = {
  open: 'active',
  expired: 'idle',
  used: 'idle',
  full: 'good',
  revoked: 'bad',
}
const datasetTone: Record<DatasetState, Tone> = {
  draft: 'idle',
  reading: 'active',
  proposed: 'wait',
  published: 'good',
  retired: 'idle',
}
const jobTone: Record<JobState, Tone> = {
  queued: 'wait',
  running: 'active',
  checking: 'active',
  held: 'wait',
  succeeded: 'good',
  blocked: 'bad',
  failed: 'bad',
  cancelled: 'idle',
}
const synthesisTone: Record<SynthesisState, Tone> = {
  uploading: 'wait',
  reading: 'active',
  proposed: 'wait',
  running: 'active',
  ready: 'good',
  failed: 'bad',
  expired: 'idle',
}
const pipelineTone: Record<PipelineRunState, Tone> = {
  created: 'wait',
  queued: 'wait',
  running: 'active',
  succeeded: 'good',
  failed: 'bad',
  cancelled: 'idle',
}
const linkMeaning: Partial<Record<LinkState, string>> = {
  open: 'Participants can start with it',
  expired: 'Its time has run out',
  used: 'Its one run has started',
  full: 'Its quota is reached',
  revoked: 'Taken back',
}

type Named =
  | { of: 'study'; state: StudyState }
  | { of: 'run'; state: RunState }
  | { of: 'link'; state: LinkState }
  | { of: 'dataset'; state: DatasetState }
  | { of: 'job'; state: JobState; word?: string }
  | { of: 'synthesis'; state: SynthesisState }
  | { of: 'pipeline-run'; state: PipelineRunState }
function look(named: Named): { tone: Tone; meaning: string | undefined; word: string } {
  switch (named.of) {
    case 'study':
      return { tone: studyTone[named.state], meaning: studyLife[named.state].meaning, word: named.state }
    case 'run':
      return { tone: runTone[named.state], meaning: runLife[named.state].meaning, word: named.state }
    case 'link':
      return { tone: linkTone[named.state], meaning: linkMeaning[named.state], word: named.state }
    case 'dataset':
      return { tone: datasetTone[named.state], meaning: datasetLife[named.state].meaning, word: named.state }
    case 'pipeline-run':
      return { tone: pipelineTone[named.state], meaning: runMeaning[named.state], word: named.state }
    case 'synthesis':
      return { tone: synthesisTone[named.state], meaning: synthesisLife[named.state].meaning, word: named.state }
    case 'job':
      return { tone: jobTone[named.state], meaning: jobLife[named.state].meaning, word: named.word ?? named.state }
  }
}

/** A state in a word, with a dot whose shape and colour both tell it, and its meaning on hover. */
export function StateBadge(named: Named) {
  const { tone, meaning, word } = look(named)
  return (
    <span className={styles.state} data-tone={tone} title={meaning}>
      <i aria-hidden />
      {word}
    </span>
  )
}
