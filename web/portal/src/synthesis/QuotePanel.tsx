import { Button, List, Text } from '@mantine/core'
import { short } from '../parts/figures.ts'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import type { Plan, Quote } from './data.ts'
import { duration, methodName, percent, size } from './words.ts'
import quoteStyles from '../parts/quote.module.css'

function verdictOf({
  quote,
  stale,
  error,
  enough,
}: {
  quote: Quote | undefined
  stale: boolean
  error: unknown
  enough: boolean
}): string {
  if (error) return 'The plan has something wrong'
  if (!quote || stale) return 'Looking at it …'
  if (!quote.feasible) return 'It cannot be made as it stands'
  return enough ? 'It can be made' : 'The budget does not cover it'
}

/** Before anything is charged: whether it can be made, what it costs, what quality to expect. Follows what is typed. */
export function QuotePanel({
  quote,
  stale,
  error,
  plan,
  busy,
  refused,
  confirm,
}: {
  quote: Quote | undefined
  stale: boolean
  error: unknown
  plan: Plan
  busy: boolean
  refused: unknown
  confirm: () => void
}) {
  const enough = quote === undefined || quote.epsilonLeft >= 0
  const ready = quote !== undefined && !stale && !error && quote.feasible && enough
  const others = quote?.faults.filter((f) => f.column === undefined) ?? []
  const columns = new Set(quote?.faults.flatMap((f) => f.column ?? [])).size
  return (
    <aside className={quoteStyles.quote} aria-label="What this would cost and give">
      <div className={quoteStyles.verdict} data-ok={ready || undefined} role="status">
        {verdictOf({ quote, stale, error, enough })}
      </div>
      <ProblemNotice error={error} />
      {quote && !error && (
        <div className={quoteStyles.body} data-stale={stale || undefined}>
          {columns > 0 && (
            <Text size="sm">
              {columns === 1 ? 'One column has' : `${columns} columns have`} something wrong; it stands under the name.
            </Text>
          )}
          {others.length > 0 && (
            <List size="sm">
              {others.map((fault) => (
                <List.Item key={fault.message}>{fault.message}</List.Item>
              ))}
            </List>
          )}
          <dl className="terms figures">
            <div>
              <dt>Budget</dt>
              <dd>
                epsilon {short(plan.epsilon)}{' '}
                <Text span size="sm" c="dimmed">
                  {enough ? `leaves ${short(quote.epsilonLeft)}` : 'more than is left'}
                </Text>
              </dd>
            </div>
            <div>
              <dt>Method</dt>
              <dd>
                {methodName[quote.method]}
                <Text size="sm" c="dimmed">
                  {quote.why}
                </Text>
              </dd>
            </div>
            {quote.feasible && (
              <>
                <div>
                  <dt>Time</dt>
                  <dd>{duration(quote.minutes)}</dd>
                </div>
                <div>
                  <dt>Memory</dt>
                  <dd>
                    {size(quote.memoryMb)}{' '}
                    <Text span size="sm" c="dimmed">
                      model {size(quote.modelMb)}
                    </Text>
                  </dd>
                </div>
                <div>
                  <dt>Expect</dt>
                  <dd>
                    {quote.expected.words}
                    <Text size="sm" c="dimmed">
                      a column off by {percent(quote.expected.tvd1)}, a pair by {percent(quote.expected.tvd2)}
                    </Text>
                  </dd>
                </div>
              </>
            )}
          </dl>
          {quote.bought.length > 0 && (
            <details className={quoteStyles.apply}>
              <summary>Bought first ({quote.bought.length})</summary>
              <List size="sm" spacing={3} mt={4}>
                {quote.bought.map((bought) => (
                  <List.Item key={bought.what}>
                    {bought.what}{' '}
                    <Text span size="xs" c="dimmed">
                      {bought.error}
                    </Text>
                  </List.Item>
                ))}
              </List>
            </details>
          )}
        </div>
      )}
      <ProblemNotice error={refused} title="It was not accepted" />
      <Button fullWidth mt="md" onClick={confirm} loading={busy} disabled={!ready}>
        Confirm and make it
      </Button>
      <Text size="xs" c="dimmed" mt={6}>
        The plan is then stored, hashed and charged. If it fails, what was paid is used for the next attempt, or given
        back.
      </Text>
    </aside>
  )
}
