import { Alert, Button, Stack, Text } from '@mantine/core'
import { Section } from '../parts/Page.tsx'
import { Rules, Wishes } from './Clauses.tsx'
import type { Synthesis } from './data.ts'
import { PlanColumns } from './PlanColumns.tsx'
import { PlanFields } from './PlanFields.tsx'
import { QuotePanel } from './QuotePanel.tsx'
import { usePlan } from './usePlan.ts'
import quoteStyles from '../parts/quote.module.css'

/** Preview and confirm: what each column may hold, whose privacy is protected, the price and what it buys. */
export function PlanForm({ synthesis }: { synthesis: Synthesis }) {
  const { plan, changed, put, change, discard, faults, quote, stale, refused, busy, confirm } = usePlan(synthesis)
  return (
    <div className={quoteStyles.ask}>
      <div>
        {synthesis.problem && (
          <Alert color="red" variant="outline" mb="lg" title="It could not be made">
            {synthesis.problem}
            {synthesis.faults
              ?.filter((f) => f.column === undefined || !plan.columns.some((c) => c.name === f.column))
              .map((fault) => (
                <Text key={fault.message} size="sm" mt={4}>
                  {fault.column ? `${fault.column}: ` : ''}
                  {fault.message}
                </Text>
              ))}
          </Alert>
        )}
        <Section
          title="Columns"
          hint={
            synthesis.hints
              ? 'What was read of a column stands under its name, for you alone. Bounds and categories are not taken from there by themselves: type what you know without the data, the rest is bought with privacy budget.'
              : 'As the dataset’s schema declares them. Bounds and categories that nobody declared are bought with privacy budget.'
          }
        >
          <PlanColumns plan={plan} hints={synthesis.hints} faults={faults} change={change} />
        </Section>
        <PlanFields plan={plan} put={put} />
        <details className="legend" open={plan.rules.length > 0 || undefined}>
          <summary>Rules that every row keeps ({plan.rules.length})</summary>
          <Stack mt="sm">
            <Rules plan={plan} put={put} />
          </Stack>
        </details>
        <details className="legend" open={plan.wishes.length > 0 || undefined}>
          <summary>What matters most ({plan.wishes.length})</summary>
          <Stack mt="sm">
            <Wishes plan={plan} put={put} />
          </Stack>
        </details>
        {changed && (
          <Button mt="lg" size="compact-sm" variant="subtle" onClick={discard}>
            Back to the proposal
          </Button>
        )}
      </div>
      <QuotePanel
        quote={quote.data}
        stale={stale}
        error={quote.error}
        plan={plan}
        busy={busy}
        refused={refused}
        confirm={confirm}
      />
    </div>
  )
}
