import { makesLinks, type StudyState } from '../../../../domain/studies/life.ts'
import type { Study } from '../hooks.ts'

/** A state that a study can be brought to. */
export type Target = Exclude<StudyState, 'draft'>

/** What an act does: change the state, go to a tab of the study's page (to a part of it), or open something. */
export type Deed =
  | { kind: 'move'; to: Target }
  | { kind: 'go'; tab: string; hash?: string }
  | { kind: 'preview' | 'duplicate' | 'make-dataset' }
export interface StudyAct {
  label: string
  deed: Deed
}
/** The one next step, trying it out, and the rest. */
export interface PossibleActs {
  next: StudyAct | undefined
  tryIt: StudyAct | undefined
  others: StudyAct[]
}

interface Circumstances {
  study: Pick<Study, 'state' | 'version' | 'runtime'>
  /** My rights: to edit this study, to make another one where it is, to open its results. */
  may: { edit: boolean; create: boolean; open: boolean }
  /** Whether participants have an open link; undefined while that is not known. */
  hasOpenLink: boolean | undefined
  /** Whether unpublished content is kept in this browser. */
  hasDraft: boolean
}

const move = (label: string, to: Target): StudyAct => ({ label, deed: { kind: 'move', to } })
const pause = move('Pause', 'paused')
const close = move('Close', 'closed')
/** Changes of state that are not the next step. */
const otherMoves: Record<StudyState, readonly StudyAct[]> = {
  draft: [],
  live: [pause, close],
  paused: [close],
  closed: [move('Reopen', 'live')],
}

/** What can be done with a study now, in the order in which it is offered. */
export function actsOf(now: Circumstances): PossibleActs {
  const { study, may } = now
  const published = study.version > 0
  const others: StudyAct[] = []
  if (may.edit) others.push(...otherMoves[study.state])
  if (may.edit && published && may.create) others.push({ label: 'Duplicate', deed: { kind: 'duplicate' } })
  if (published && makesLinks(study.runtime) && may.open)
    others.push({ label: 'Make available for analysis', deed: { kind: 'make-dataset' } })
  const triable = may.edit && published && makesLinks(study.runtime)
  return {
    next: may.edit ? nextOf(now) : undefined,
    tryIt: triable ? { label: 'Try it', deed: { kind: 'preview' } } : undefined,
    others,
  }
}

/** The step that brings a study further, for somebody who may edit it. */
function nextOf({ study, hasOpenLink, hasDraft }: Circumstances): StudyAct | undefined {
  if (study.version === 0)
    return { label: hasDraft ? 'Review and publish' : 'Add content', deed: { kind: 'go', tab: 'content' } }
  if (study.state === 'draft') return move('Launch', 'live')
  if (study.state === 'paused') return move('Resume', 'live')
  if (study.state === 'live' && hasOpenLink === false && makesLinks(study.runtime))
    return { label: 'Make a link', deed: { kind: 'go', tab: 'links', hash: 'make' } }
  return undefined
}
