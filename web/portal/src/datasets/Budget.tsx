import { Group, Text } from '@mantine/core'
import type { Dataset } from '../queries/datasets.ts'
import { short } from '../parts/figures.ts'
import styles from './Budget.module.css'

/** How much of the privacy budget is left: a meter, and the number it stands for. */
export function BudgetMeter({ budget, compact = false }: { budget: Dataset['budget']; compact?: boolean }) {
  const share = budget.limitNanoRho === 0 ? 0 : 1 - (budget.spentNanoRho + budget.reservedNanoRho) / budget.limitNanoRho
  if (budget.limitNanoRho === 0)
    return (
      <Text size="sm" c="dimmed">
        No budget for noise
      </Text>
    )
  const words = `epsilon ${short(budget.left)} of ${short(budget.epsilon)} left`
  return (
    <Group gap="sm" wrap={compact ? 'nowrap' : 'wrap'} className="figures">
      <meter
        min={0}
        max={1}
        low={0.2}
        value={Math.max(0, share)}
        aria-label={`Privacy budget: ${words}`}
        className={compact ? `${styles.budget} ${styles.small}` : styles.budget}
      />
      <Text size="sm" className="nowrap" fw={compact ? undefined : 600}>
        {compact ? `${short(budget.left)} of ${short(budget.epsilon)}` : words}
      </Text>
      {!compact && (
        <Text size="sm" c="dimmed">
          at delta {budget.delta.toExponential(0)}
          {budget.reservedNanoRho > 0 ? '; some of it is reserved by analyses that are running' : ''}
        </Text>
      )}
    </Group>
  )
}
