import { Button, List, Text, UnstyledButton } from '@mantine/core'
import { IconAlertTriangle, IconBulb, IconCircleX } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { short } from '../../parts/figures.ts'
import { ProblemNotice } from '../../parts/ProblemNotice.tsx'
import type { Ask, Quote } from '../../queries/jobs.ts'
import styles from './QuotePanel.module.css'
import quoteStyles from '../../parts/quote.module.css'

const approvals = {
  'not-needed': 'Runs at once',
  needed: 'A custodian approves exactly this first',
  given: 'A custodian has approved exactly this',
} as const
const icons = {
  error: <IconCircleX size={16} aria-label="Error" className={styles.error} />,
  warning: <IconAlertTriangle size={16} aria-label="Warning" className={styles.warning} />,
  hint: <IconBulb size={16} aria-label="Hint" />,
} as const
function minutes(total: number): string {
  if (total < 0.1) return 'a few seconds'
  return total < 1 ? `about ${Math.max(5, Math.round((total * 60) / 5) * 5)} s` : `about ${Math.round(total)} min`
}
function money(dollars: number): string {
  if (dollars === 0) return 'nothing'
  return dollars < 0.01 ? 'less than $0.01' : `$${dollars.toFixed(2)}`
}

type Looked = Pick<Parameters<typeof QuotePanel>[0], 'quote' | 'stale' | 'error' | 'lacking'>
function verdictOf({ quote, stale, error, lacking }: Looked): string {
  if (lacking.length > 0) return 'Not ready yet'
  if (error) return 'It would not be accepted'
  if (!quote || stale) return 'Looking at it …'
  if (quote.acceptable) return 'It would be accepted'
  return quote.advice.some((advice) => advice.level === 'error')
    ? 'It would not be accepted'
    : 'Not acceptable as it stands'
}

/** Before it runs: what it would cost, which rules will apply, what is wrong with it. Follows what is typed. */
export function QuotePanel({
  quote,
  stale,
  error,
  ask,
  lacking,
  jump,
  submit,
  busy,
  refused,
}: {
  quote: Quote | undefined
  stale: boolean
  error: unknown
  ask: Ask
  lacking: readonly string[]
  jump: (line: number, cell: number | undefined) => void
  submit: () => void
  busy: boolean
  refused: unknown
}) {
  const noise = ask.mode === 'noise'
  const ready = quote !== undefined && !stale && lacking.length === 0 && quote.acceptable
  return (
    <aside className={quoteStyles.quote} aria-label="What this would cost">
      <div className={quoteStyles.verdict} data-ok={ready || undefined} role="status">
        {verdictOf({ quote, stale, error, lacking })}
      </div>
      {lacking.length > 0 && (
        <List size="sm" spacing={4}>
          {lacking.map((lack) => (
            <List.Item key={lack}>{lack}</List.Item>
          ))}
        </List>
      )}
      {lacking.length === 0 && <ProblemNotice error={error} />}
      {quote && lacking.length === 0 && !error && (
        <div className={quoteStyles.body} data-stale={stale || undefined}>
          {quote.advice.length > 0 && <Advice advice={quote.advice} jump={jump} />}
          <Costs quote={quote} />
        </div>
      )}
      <ProblemNotice error={refused} title="It was not accepted" />
      <Button fullWidth mt="md" onClick={submit} loading={busy} disabled={!ready}>
        {quote?.approval === 'needed' ? 'Ask for approval' : 'Ask'}
      </Button>
      <Text size="xs" c="dimmed" mt={6} ta="center">
        Ctrl or ⌘ with Enter
      </Text>
      {quote && lacking.length === 0 && !error && (
        <details className={quoteStyles.apply} open={!noise}>
          <summary>
            {quote.rules.length === 0 ? 'No disclosure rule applies' : `Rules that will apply (${quote.rules.length})`}
          </summary>
          <List size="sm" spacing={3} mt={4}>
            {quote.rules.map((rule) => (
              <List.Item key={rule.rule}>{rule.text}</List.Item>
            ))}
          </List>
        </details>
      )}
    </aside>
  )
}

const Costs = ({ quote: { cost, runs, approval } }: { quote: Quote }) => (
  <dl className="terms figures">
    <div>
      <dt>Budget</dt>
      <dd>
        {cost.nanoRho > 0 ? (
          <>
            epsilon {short(cost.epsilon)} <Aside>leaves {short(cost.left)}</Aside>
          </>
        ) : (
          'nothing'
        )}
      </dd>
    </div>
    <div>
      <dt>Time</dt>
      <dd>
        {minutes(cost.minutes)}
        {runs > 1 && <Aside> runs {runs} times</Aside>}
      </dd>
    </div>
    <div>
      <dt>Money</dt>
      <dd>
        {money(cost.dollars)} <Aside>in AWS</Aside>
      </dd>
    </div>
    <div>
      <dt>Approval</dt>
      <dd>{approvals[approval]}</dd>
    </div>
  </dl>
)
const Aside = ({ children }: { children: ReactNode }) => (
  <Text span size="sm" c="dimmed">
    {children}
  </Text>
)

/** What confinement or the gate would stop anyway, said early, with a way to each line. */
const Advice = ({
  advice,
  jump,
}: {
  advice: Quote['advice']
  jump: (line: number, cell: number | undefined) => void
}) => (
  <ul className={styles.advice} aria-label="Advice">
    {advice.map((note, index) => (
      <li key={index}>
        {icons[note.level]}
        <span>
          {note.message}{' '}
          {note.line !== undefined && (
            <UnstyledButton className={styles.line} onClick={() => jump(note.line!, note.cell)}>
              {note.cell === undefined ? '' : `cell ${note.cell}, `}line {note.line}
            </UnstyledButton>
          )}
        </span>
      </li>
    ))}
  </ul>
)
