import { UnstyledButton } from '@mantine/core'
import { IconCheck } from '@tabler/icons-react'
import styles from './StepBar.module.css'

export const steps = ['name', 'files', 'reading', 'schema', 'policy', 'publish'] as const
export type Step = (typeof steps)[number]
const label: Record<Step, string> = {
  name: 'Name',
  files: 'Files',
  reading: 'Reading',
  schema: 'Schema',
  policy: 'Policy',
  publish: 'Publish',
}

/** The way through a registration: what is done, where one is, and, when `go` is given, a way back to what is done. */
export function StepBar({
  now,
  done,
  open = [],
  go,
}: {
  now: Step
  done: readonly Step[]
  open?: readonly Step[]
  go?: (step: Step) => void
}) {
  return (
    <ol className={styles.stepbar} aria-label="Steps of the registration">
      {steps.map((step, index) => {
        const ready = done.includes(step)
        const inside = (
          <>
            <span className={styles.mark} data-done={ready || undefined}>
              {ready && step !== now ? <IconCheck size={14} aria-hidden /> : index + 1}
            </span>
            {label[step]}
            {ready && <span className="sr">, done</span>}
          </>
        )
        return (
          <li key={step} aria-current={step === now ? 'step' : undefined}>
            {go && step !== now && step !== 'name' && open.includes(step) ? (
              <UnstyledButton onClick={() => go(step)}>{inside}</UnstyledButton>
            ) : (
              <span>{inside}</span>
            )}
          </li>
        )
      })}
    </ol>
  )
}
