import { Anchor, Text } from '@mantine/core'
import { useQueries } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Client } from '../../../../clients/api.ts'
import { type Study, useMay } from '../hooks.ts'
import { Section } from '../parts/Page.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { overviewQuery } from '../queries/studies.ts'
import homeStyles from './home.module.css'

/** Live studies with their figures, which are asked anew every ten seconds where they are shared with me. */
export function LiveStudies({ studies }: { studies: Study[] }) {
  const may = useMay()
  const asked = studies.slice(0, 20)
  const figures = useQueries({
    queries: asked.map((study) => ({
      ...overviewQuery(study.studyId),
      enabled: may('study.aggregates', study),
      refetchInterval: 10_000,
    })),
  })
  return (
    <Section title="Live now">
      <table className={`${homeStyles.plain} figures`}>
        <thead>
          <tr>
            <th>Study</th>
            <th>Going on</th>
            <th>Completed</th>
            <th>Last arrival</th>
          </tr>
        </thead>
        <tbody>
          {asked.map((study, index) => (
            <tr key={study.studyId}>
              <td>
                <Anchor component={Link} to={`/studies/${study.studyId}/overview`} fw={500}>
                  {study.title}
                </Anchor>
              </td>
              {may('study.aggregates', study) ? <Figures overview={figures[index]?.data} /> : <NotShared />}
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  )
}

type Overview = Awaited<ReturnType<Client['runs']['overview']>>
const Figures = ({ overview }: { overview: Overview | undefined }) => (
  <>
    <td>{overview ? (overview.byState.live ?? 0) : '–'}</td>
    <td>{overview ? `${overview.byState.completed ?? 0} of ${overview.runs}` : '–'}</td>
    <td>{overview?.lastArrival ? <RelativeTime at={overview.lastArrival} /> : '–'}</td>
  </>
)

const NotShared = () => (
  <td colSpan={3}>
    <Text size="sm" c="dimmed">
      Its figures are not shared with you
    </Text>
  </td>
)
