import { Group, Text } from '@mantine/core'
import { IconCheck, IconMinus, IconX } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import type { Job } from '../../queries/jobs.ts'
import { JobTrouble } from './JobTrouble.tsx'
import { stepWords } from './words.ts'
import styles from './Steps.module.css'

/** Whole seconds: finer times are not told, for they would say how long the data took. */
const elapsed = (from: string, to: number): string => {
  const s = Math.max(0, Math.floor((to - new Date(from).getTime()) / 1000))
  return s < 1 ? 'under 1 s' : s < 60 ? `${s} s` : `${Math.floor(s / 60)} min ${s % 60} s`
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
const stateOf = (job: Job, s: Job['steps'][number]): Job['steps'][number]['state'] =>
  job.problem === undefined
    ? s.state
    : job.problem.step === s.step
      ? 'failed'
      : s.state === 'failed'
        ? 'skipped'
        : s.state

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
      {job.steps.map((s) => {
        const state = stateOf(job, s)
        return (
          <li key={s.step} data-state={state} aria-current={state === 'running' ? 'step' : undefined}>
            <span className={styles.mark} aria-hidden>
              {state === 'done' ? (
                <IconCheck size={14} />
              ) : state === 'failed' ? (
                <IconX size={14} />
              ) : state === 'skipped' ? (
                <IconMinus size={14} />
              ) : null}
            </span>
            <div className="grow">
              <Group gap="sm" wrap="nowrap" justify="space-between">
                <Text fw={500} size="sm">
                  {stepWords[s.step].name}
                  <span className="sr">: {stateWord[state]}</span>
                </Text>
                <Text size="sm" c="dimmed" className="figures nowrap">
                  {state === 'skipped'
                    ? 'not needed'
                    : s.started && (s.ended || state === 'running')
                      ? elapsed(s.started, s.ended ? new Date(s.ended).getTime() : now)
                      : ''}
                </Text>
              </Group>
              <Text size="xs" c="dimmed">
                {stepWords[s.step].doing}
              </Text>
              {job.problem?.step === s.step && <JobTrouble job={job} line={line} />}
            </div>
          </li>
        )
      })}
    </ol>
  )
}
