import { Button, Group } from '@mantine/core'
import type { Dataset, Policy } from '../queries/datasets.ts'
import { PolicyForm } from './PolicyForm.tsx'
import stickybarStyles from './stickybar.module.css'

export const PolicyStep = ({
  dataset,
  policy,
  change,
  next,
}: {
  dataset: Dataset
  policy: Policy
  change: (p: Policy) => void
  next: (p: Policy) => void
}) => (
  <>
    <PolicyForm dataset={dataset} policy={policy} change={change} />
    <Group className={stickybarStyles.stickybar} justify="flex-end">
      <Button onClick={() => next(policy)}>Go on to publish</Button>
    </Group>
  </>
)
