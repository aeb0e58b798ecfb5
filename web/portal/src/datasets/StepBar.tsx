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
      {steps.map((s, i) => {
        const ready = done.includes(s)
        const inside = (
          <>
            <span className={styles.mark} data-done={ready || undefined}>
              {ready && s !== now ? <IconCheck size={14} aria-hidden /> : i + 1}
            </span>
            {label[s]}
            {ready && <span className="sr">, done</span>}
          </>
        )
        return (
          <li key={s} aria-current={s === now ? 'step' : undefined}>
            {go && s !== now && s !== 'name' && open.includes(s) ? (
              <UnstyledButton onClick={() => go(s)}>{inside}</UnstyledButton>
            ) : (
              <span>{inside}</span>
            )}
          </li>
        )
      })}
    </ol>
  )
}
