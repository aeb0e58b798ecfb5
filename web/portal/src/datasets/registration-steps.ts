/** The steps of a registration: which are done, which can be opened, and which one is shown. */
import type { Reading } from './data.ts'
import type { Step } from './StepBar.tsx'

/** The step that there is something to do in. */
function naturalStep(state: Reading['state']): Step {
  if (state === 'none') return 'files'
  return state === 'ready' ? 'schema' : 'reading'
}

/** `checked`: the steps after the reading that the custodian went through. */
function doneSteps(reading: Reading, ready: boolean, checked: readonly Step[]): Step[] {
  if (reading.state === 'none') return ['name']
  return ready ? ['name', 'files', 'reading', ...checked] : ['name', 'files']
}

/**
 * `done` and `open` steps, and the one shown `now`: what was asked for by the address, where that is open already, else
 * the one that there is something to do in. `ready`: the files were read and a schema is proposed.
 */
export function stepsOf(
  reading: Reading,
  ready: boolean,
  checked: readonly Step[],
  asked: Step | undefined,
): { done: Step[]; open: Step[]; now: Step } {
  const done = doneSteps(reading, ready, checked)
  const open = [...done]
  if (ready) open.push('schema')
  if (done.includes('schema')) open.push('policy')
  if (done.includes('policy')) open.push('publish')
  const natural = naturalStep(reading.state)
  const mayShow = asked === 'files' || asked === natural || (asked !== undefined && open.includes(asked))
  return { done, open, now: asked && mayShow ? asked : natural }
}
