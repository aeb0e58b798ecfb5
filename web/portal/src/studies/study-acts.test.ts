import { expect, it } from 'vitest'
import { runtimes, studyStates } from '../../../../domain/studies/life.ts'
import { actsOf, type PossibleActs } from './study-acts.ts'

type Circumstances = Parameters<typeof actsOf>[0]
const everything = { edit: true, create: true, open: true }
const study: Circumstances['study'] = { state: 'live', version: 1, runtime: 'platform' }
const acts = (over: Partial<Circumstances['study']> = {}, rest: Partial<Circumstances> = {}): PossibleActs =>
  actsOf({ study: { ...study, ...over }, may: everything, hasOpenLink: true, hasDraft: false, ...rest })
const labels = ({ next, tryIt, others }: PossibleActs) => ({
  next: next?.label,
  tryIt: tryIt?.label,
  others: others.map((act) => act.label),
})
const onPublished = ['Duplicate', 'Make available for analysis']

it.each([
  { state: 'draft', next: 'Launch', moves: [] },
  { state: 'live', next: undefined, moves: ['Pause', 'Close'] },
  { state: 'paused', next: 'Resume', moves: ['Close'] },
  { state: 'closed', next: undefined, moves: ['Reopen'] },
] as const)('offers what brings a published study that is $state further', ({ state, next, moves }) => {
  expect(labels(acts({ state }))).toEqual({ next, tryIt: 'Try it', others: [...moves, ...onPublished] })
})

it('brings a study to the state that the act names', () => {
  const target = (state: Circumstances['study']['state'], label: string) => {
    const { next, others } = acts({ state })
    return [next, ...others].find((act) => act?.label === label)?.deed
  }
  expect(target('draft', 'Launch')).toEqual({ kind: 'move', to: 'live' })
  expect(target('paused', 'Resume')).toEqual({ kind: 'move', to: 'live' })
  expect(target('closed', 'Reopen')).toEqual({ kind: 'move', to: 'live' })
  expect(target('live', 'Pause')).toEqual({ kind: 'move', to: 'paused' })
  expect(target('paused', 'Close')).toEqual({ kind: 'move', to: 'closed' })
})

it('begins with content, whatever the state; with its publication once some is kept in this browser', () => {
  const content = { kind: 'go', tab: 'content' }
  expect(acts({ state: 'draft', version: 0 })).toEqual({
    next: { label: 'Add content', deed: content },
    tryIt: undefined,
    others: [],
  })
  expect(acts({ version: 0 }, { hasDraft: true }).next).toEqual({ label: 'Review and publish', deed: content })
})

it.each([
  { of: 'is known to be missing', hasOpenLink: false, runtime: 'platform', next: 'Make a link' },
  { of: 'is there', hasOpenLink: true, runtime: 'platform', next: undefined },
  { of: 'may be there', hasOpenLink: undefined, runtime: 'platform', next: undefined },
  { of: 'is made elsewhere', hasOpenLink: false, runtime: 'jatos', next: undefined },
] as const)('asks for a link to a live study where one $of: $next', ({ hasOpenLink, runtime, next }) => {
  expect(acts({ runtime }, { hasOpenLink }).next?.label).toBe(next)
})

it('neither tries nor analyses here what another server runs', () => {
  expect(labels(acts({ runtime: 'jatos' }))).toEqual({
    next: undefined,
    tryIt: undefined,
    others: ['Pause', 'Close', 'Duplicate'],
  })
})

it('offers nothing to somebody without rights, in any state', () => {
  const may = { edit: false, create: false, open: false }
  for (const state of studyStates)
    for (const runtime of runtimes)
      expect(labels(acts({ state, runtime }, { may, hasOpenLink: false }))).toEqual({
        next: undefined,
        tryIt: undefined,
        others: [],
      })
})

it('offers each right its own', () => {
  const none = { edit: false, create: false, open: false }
  expect(labels(acts({}, { may: { ...none, open: true } })).others).toEqual(['Make available for analysis'])
  expect(labels(acts({}, { may: { ...none, create: true } })).others).toEqual([])
  expect(labels(acts({}, { may: { ...none, edit: true } })).others).toEqual(['Pause', 'Close'])
})
