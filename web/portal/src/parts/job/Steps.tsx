import { Group, Text } from '@mantine/core'
import { IconCheck, IconMinus, IconX } from '@tabler/icons-react'
import { type ReactNode, useEffect, useState } from 'react'
import type { Job } from '../../queries/jobs.ts'
import { JobTrouble } from './JobTrouble.tsx'
import { stepWords } from './words.ts'
import styles from './Steps.module.css'

type Step = Job['steps'][number]

/** Whole seconds: finer times are not told, for they would say how long the data took. */
function elapsed(from: string, to: number): string {
  const seconds = Math.max(0, Math.floor((to - new Date(from).getTime()) / 1000))
  if (seconds < 1) return 'under 1 s'
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

function useClock(running: boolean): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    if (!running) return
    const timer = setInterval(() => setNow(Date.now()), 200)
    return () => clearInterval(timer)
  }, [running])
  return now
}
const stateWord = {
  waiting: 'not yet',
  running: 'now',
  done: 'done',
  failed: 'stopped here',
  skipped: 'not needed',
} as const

/** Where it stopped is one step: what was begun after it only cleaned up. */
function stateOf({ problem }: Job, { step, state }: Step): Step['state'] {
  if (problem === undefined) return state
  if (problem.step === step) return 'failed'
  return state === 'failed' ? 'skipped' : state
}
const marks: Partial<Record<Step['state'], ReactNode>> = {
  done: <IconCheck size={14} />,
  failed: <IconX size={14} />,
  skipped: <IconMinus size={14} />,
}
function timeOf({ started, ended }: Step, state: Step['state'], now: number): string {
  if (state === 'skipped') return 'not needed'
  if (!started || (!ended && state !== 'running')) return ''
  return elapsed(started, ended ? new Date(ended).getTime() : now)
}

/** The four steps as they happen, each with how long it has taken; what went wrong stands beside its step. */
export function Steps({
  job,
  line,
}: {
  job: Job
  line?: ((line: number, cell: number | undefined) => void) | undefined
}) {
  const now = useClock(job.steps.some((s) => s.state === 'running'))
  return (
    <ol className={styles.jobsteps} aria-label="Steps">
      {job.steps.map((step) => {
        const state = stateOf(job, step)
        return (
          <li key={step.step} data-state={state} aria-current={state === 'running' ? 'step' : undefined}>
            <span className={styles.mark} aria-hidden>
              {marks[state]}
            </span>
            <div className="grow">
              <Group gap="sm" wrap="nowrap" justify="space-between">
                <Text fw={500} size="sm">
                  {stepWords[step.step].name}
                  <span className="sr">: {stateWord[state]}</span>
                </Text>
                <Text size="sm" c="dimmed" className="figures nowrap">
                  {timeOf(step, state, now)}
                </Text>
              </Group>
              <Text size="xs" c="dimmed">
                {stepWords[step.step].doing}
              </Text>
              {job.problem?.step === step.step && <JobTrouble job={job} line={line} />}
            </div>
          </li>
        )
      })}
    </ol>
  )
}
