import { Anchor, Table, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { short } from '../parts/figures.ts'
import { CopyId } from '../parts/CopyId.tsx'
import { count } from '../parts/figures.ts'
import { Section } from '../parts/Page.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { Rounds } from './Making.tsx'
import type { Synthesis } from './data.ts'
import cardStyles from '../parts/card.module.css'

/** What the table is and what may be said of it: method, guarantee, what was measured, what was not. */
export function Card({ synthesis }: { synthesis: Synthesis }) {
  const card = synthesis.card!
  const spent = card.drawn.reduce((n, d) => n + d.nanoRho, 0)
  return (
    <div className="two">
      <div>
        <Section title="Columns">
          <Table className="rows">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Name</Table.Th>
                <Table.Th>Kind</Table.Th>
                <Table.Th>Meaning</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {card.columns.map((column) => (
                <Table.Tr key={column.name}>
                  <Table.Td className="path">
                    <code>{column.name}</code>
                  </Table.Td>
                  <Table.Td>
                    {column.kind}
                    {column.unit ? ` (${column.unit})` : ''}
                  </Table.Td>
                  <Table.Td>{column.meaning ?? '–'}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Section>
        <Section
          title="What was measured"
          hint={`${count(card.drawn.length, 'noisy answer')}; their prices add up to what was charged.`}
        >
          {synthesis.rounds.length > 1 && <Rounds rounds={synthesis.rounds} />}
          <details className="legend">
            <summary>Every draw</summary>
            <Table.ScrollContainer minWidth={420}>
              <Table className="figures">
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>What</Table.Th>
                    <Table.Th>Columns</Table.Th>
                    <Table.Th ta="right">Noise (sd)</Table.Th>
                    <Table.Th ta="right">Share</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {card.drawn.map((drawn, index) => (
                    <Table.Tr key={index}>
                      <Table.Td>{drawn.what}</Table.Td>
                      <Table.Td>{drawn.columns.join(' × ')}</Table.Td>
                      <Table.Td ta="right">{drawn.sigma === undefined ? '–' : short(drawn.sigma)}</Table.Td>
                      <Table.Td ta="right">{((100 * drawn.nanoRho) / Math.max(1, spent)).toFixed(1)} %</Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          </details>
          <Text size="sm" mt="sm">
            {card.notMeasured}
          </Text>
        </Section>
      </div>
      <section className={cardStyles.card} aria-label="Release card">
        <Text className={cardStyles.guarantee}>{card.guarantee}</Text>
        <dl className="terms wide">
          <div>
            <dt>Of</dt>
            <dd>
              {card.dataset.version > 0 ? (
                <>
                  <Anchor component={Link} to={`/datasets/${card.dataset.datasetId}/overview`} inherit>
                    {card.dataset.name}
                  </Anchor>
                  , version {card.dataset.version}, {card.dataset.table}
                </>
              ) : (
                `the file ${card.dataset.table}`
              )}
            </dd>
          </div>
          <div>
            <dt>Method</dt>
            <dd>
              {card.method}
              <Text size="sm" c="dimmed">
                {card.why}
              </Text>
            </dd>
          </div>
          <div>
            <dt>Privacy</dt>
            <dd>
              epsilon {short(card.epsilon)}, delta {card.delta.toExponential(0)}{' '}
              <Text span size="sm" c="dimmed">
                rho {short(card.nanoRho / 1e9)}
              </Text>
            </dd>
          </div>
          <div>
            <dt>Unit</dt>
            <dd>{card.unit}</dd>
          </div>
          <div>
            <dt>Rows</dt>
            <dd>{card.rows.toLocaleString('en')}</dd>
          </div>
          <div>
            <dt>Made</dt>
            <dd>
              <RelativeTime at={card.made} />
            </dd>
          </div>
          <div>
            <dt>Expires</dt>
            <dd>
              <RelativeTime at={synthesis.expires ?? card.expires} />
            </dd>
          </div>
          <div>
            <dt>Plan</dt>
            <dd>
              <CopyId value={card.planHash} show={`${card.planHash.slice(0, 16)}…`} label="hash of the plan" />
            </dd>
          </div>
          <div>
            <dt>File</dt>
            <dd>
              <CopyId value={card.fileHash} show={`${card.fileHash.slice(0, 16)}…`} label="hash of the file" />
            </dd>
          </div>
        </dl>
      </section>
    </div>
  )
}
