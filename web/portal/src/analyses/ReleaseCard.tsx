import { Anchor, List, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { short } from '../parts/figures.ts'
import { modeName } from '../parts/policy-words.ts'
import { CopyId } from '../parts/CopyId.tsx'
import { count } from '../parts/figures.ts'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { ScrollCode } from '../parts/ScrollCode.tsx'
import type { Result } from '../queries/jobs.ts'
import { cohortWords, ruleWords } from '../parts/job/words.ts'
import cardStyles from '../parts/card.module.css'

const confinementWords: Record<string, string> = {
  bubblewrap: 'bubblewrap',
  landlock: 'Landlock and seccomp',
  wasm: 'WebAssembly',
  fargate: 'an isolated container',
  duckdb: 'DuckDB, locked down',
}

/** What the custodian can defend: what was asked, of which data, how it was made safe, and the hashes to prove it. */
export function ReleaseCard({ card }: { card: Result['card'] }) {
  return (
    <section className={cardStyles.card} aria-label="Release card">
      <Text className={cardStyles.guarantee}>{card.guarantee.replaceAll('`', '')}</Text>
      <Text size="sm" c="dimmed" mt="sm">
        Asked
      </Text>
      <ScrollCode text={card.asked} label="What was asked" wrap mah={200} />
      <dl className="terms wide">
        {card.purpose && (
          <div>
            <dt>Purpose</dt>
            <dd>{card.purpose}</dd>
          </div>
        )}
        <div>
          <dt>Dataset</dt>
          <dd>
            <Anchor component={Link} to={`/datasets/${card.dataset.datasetId}/overview`} inherit underline="always">
              {card.dataset.title}
            </Anchor>
            , version {card.dataset.version}
          </dd>
        </div>
        <div>
          <dt>Cohort</dt>
          <dd>
            {card.mode === 'twin' ? 'All synthetic rows' : cohortWords(card.cohort)}{' '}
            <Text span size="sm" c="dimmed">
              ({card.subjects})
            </Text>
          </dd>
        </div>
        <div>
          <dt>Released</dt>
          <dd>
            <RelativeTime at={card.released} />
            {card.mode === 'twin' ? ', tried on the synthetic twin' : ` by ${modeName[card.mode].toLowerCase()}`}
            {card.checkers ? `, ${count(card.checkers, 'checker')}` : ''}
          </dd>
        </div>
        {card.cost.nanoRho > 0 && (
          <div>
            <dt>Budget</dt>
            <dd>
              epsilon {short(card.cost.epsilon)} at delta {card.cost.delta.toExponential(0)}
            </dd>
          </div>
        )}
        <div>
          <dt>Suppressed</dt>
          <dd>
            {card.suppressed.length === 0 ? (
              'Nothing'
            ) : (
              <List size="sm" listStyleType="none" spacing={2}>
                {card.suppressed.map((cell) => (
                  <List.Item key={cell.rule}>
                    {count(cell.cells, 'cell')}: {ruleWords[cell.rule].toLowerCase()}{' '}
                    <Text span size="xs" c="dimmed">
                      {cell.rule}
                    </Text>
                  </List.Item>
                ))}
              </List>
            )}
          </dd>
        </div>
        <div>
          <dt>Ran in</dt>
          <dd>{confinementWords[card.confinement] ?? card.confinement}</dd>
        </div>
        {(['result', 'code', 'parameters'] as const).map((part) => (
          <div key={part}>
            <dt>{part[0]!.toUpperCase() + part.slice(1)}</dt>
            <dd>
              <CopyId
                value={card.hashes[part]}
                show={`${card.hashes[part].slice(0, 16)}…`}
                label={`hash of the ${part}`}
              />
            </dd>
          </div>
        ))}
        <div>
          <dt>Data</dt>
          <dd>
            <CopyId value={card.dataset.hash} show={`${card.dataset.hash.slice(0, 16)}…`} label="hash of the data" />
          </dd>
        </div>
        <div>
          <dt>Image</dt>
          <dd>
            <CopyId
              value={card.hashes.image}
              show={card.hashes.image.length > 40 ? `${card.hashes.image.slice(0, 24)}…` : card.hashes.image}
              label="image"
            />
          </dd>
        </div>
      </dl>
    </section>
  )
}
