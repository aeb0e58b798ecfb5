import { Anchor, Button, Group, Text } from '@mantine/core'
import { useQueries } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type Study, useMay, useMe, useOrganisation } from '../hooks.ts'
import { Empty } from '../parts/Empty.tsx'
import { count } from '../parts/figures.ts'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Page, Section } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { useDataLife } from './data-life.tsx'
import { linksQuery, overviewQuery, useStudies } from '../queries/studies.ts'
import homeStyles from './home.module.css'

const soon = 24 * 3600 * 1000

/**
 * What needs me now: outputs to check, analyses to approve or running, budgets low, runs arriving, drafts to finish,
 * links about to expire.
 */
export function HomePage() {
  const me = useMe()
  const here = useOrganisation()
  const may = useMay()
  const { data, error, refetch } = useStudies(here?.organisationId)
  const dataLife = useDataLife()
  if (!here) return <Nowhere />
  const asks = may('dataset.analyse')
  const live = data?.filter((s) => s.state === 'live') ?? []
  const drafts = data?.filter((s) => s.state === 'draft' && may('study.edit', s)) ?? []
  const paused = data?.filter((s) => s.state === 'paused' && may('study.edit', s)) ?? []
  return (
    <Page
      title={`Hello, ${me.name.split(' ')[0] || me.email}`}
      action={
        <>
          {asks && (
            <Button component={Link} to="/analyses/ask" variant="default">
              Ask a question
            </Button>
          )}
          {may('studies.create') && (
            <Button component={Link} to="/studies/new" variant={data?.length ? 'default' : 'filled'}>
              New study
            </Button>
          )}
        </>
      }
    >
      <ProblemNotice error={error} retry={() => void refetch()} />
      {!data && !error && <LoadingRows />}
      {dataLife.parts}
      {data?.length === 0 && dataLife.loaded && !dataLife.shown && (
        <Empty title="Nothing needs you yet" action={<FirstStep />}>
          {firstWords(may)}{' '}
          {may('audit.read') && (
            <>
              As {here.roles.join(' and ')} you can also{' '}
              <Anchor component={Link} to="/audit" underline="always">
                read the audit chain
              </Anchor>
              .
            </>
          )}
        </Empty>
      )}
      {live.length > 0 && (
        <Section title="Live now">
          <LiveStudies studies={live} />
        </Section>
      )}
      <ExpiringLinks studies={live.filter((s) => may('study.edit', s))} />
      {drafts.length > 0 && (
        <Section title="Drafts to finish">
          <ul className="todo">
            {drafts.map((study) => (
              <li key={study.studyId}>
                <Anchor
                  component={Link}
                  to={`/studies/${study.studyId}/${study.version === 0 ? 'content' : 'overview'}`}
                  fw={500}
                >
                  {study.title}
                </Anchor>
                <Text size="sm" c="dimmed" component="div">
                  {study.version === 0 ? 'Nothing published yet' : 'Published, not launched'}, changed{' '}
                  <RelativeTime at={study.changed} />
                </Text>
              </li>
            ))}
          </ul>
        </Section>
      )}
      {paused.length > 0 && (
        <Section title="Paused">
          <ul className="todo">
            {paused.map((study) => (
              <li key={study.studyId}>
                <Anchor component={Link} to={`/studies/${study.studyId}/overview`} fw={500}>
                  {study.title}
                </Anchor>
                <Text size="sm" c="dimmed">
                  No new participants can start
                </Text>
              </li>
            ))}
          </ul>
        </Section>
      )}
      {data &&
        data.length > 0 &&
        live.length + drafts.length + paused.length === 0 &&
        dataLife.loaded &&
        !dataLife.shown && (
          <Text c="dimmed">
            Nothing needs you now. All{' '}
            <Anchor component={Link} to="/studies" underline="always">
              {count(data.length, 'study', 'studies')}
            </Anchor>{' '}
            are closed or somebody else’s to finish.
          </Text>
        )}
    </Page>
  )
}

function LiveStudies({ studies }: { studies: Study[] }) {
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
        {asked.map((study, index) => {
          const figure = figures[index]?.data
          if (!may('study.aggregates', study))
            return (
              <tr key={study.studyId}>
                <td>
                  <Anchor component={Link} to={`/studies/${study.studyId}/overview`} fw={500}>
                    {study.title}
                  </Anchor>
                </td>
                <td colSpan={3}>
                  <Text size="sm" c="dimmed">
                    Its figures are not shared with you
                  </Text>
                </td>
              </tr>
            )
          return (
            <tr key={study.studyId}>
              <td>
                <Anchor component={Link} to={`/studies/${study.studyId}/overview`} fw={500}>
                  {study.title}
                </Anchor>
              </td>
              <td>{figure ? (figure.byState.live ?? 0) : '–'}</td>
              <td>{figure ? `${figure.byState.completed ?? 0} of ${figure.runs}` : '–'}</td>
              <td>{figure?.lastArrival ? <RelativeTime at={figure.lastArrival} /> : '–'}</td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}

function ExpiringLinks({ studies }: { studies: Study[] }) {
  const asked = studies.slice(0, 20)
  const links = useQueries({ queries: asked.map((s) => linksQuery(s.studyId)) })
  const rows = asked.flatMap((study, index) =>
    (links[index]?.data ?? [])
      .filter((l) => l.kind !== 'preview' && l.state === 'open' && new Date(l.expires).getTime() - Date.now() < soon)
      .map((link) => ({ study, link })),
  )
  const without = asked.filter(
    (s, i) =>
      s.runtime !== 'jatos' && links[i]?.data && !links[i].data.some((l) => l.kind !== 'preview' && l.state === 'open'),
  )
  if (rows.length + without.length === 0) return null
  return (
    <Section title="Links">
      <ul className="todo">
        {without.map((study) => (
          <li key={study.studyId}>
            <Group gap="xs">
              <Anchor component={Link} to={`/studies/${study.studyId}/links`} fw={500}>
                {study.title}
              </Anchor>
              <Text size="sm">is live, but has no open link</Text>
            </Group>
          </li>
        ))}
        {rows.map(({ study, link }) => (
          <li key={link.code}>
            <Group gap="xs">
              <Anchor component={Link} to={`/studies/${study.studyId}/links`} fw={500}>
                {link.label || study.title}
              </Anchor>
              <Text size="sm" component="div">
                expires <RelativeTime at={link.expires} />
              </Text>
            </Group>
          </li>
        ))}
      </ul>
    </Section>
  )
}

function Nowhere() {
  const me = useMe()
  return (
    <Page title={`Hello, ${me.name.split(' ')[0] || me.email}`}>
      <Empty
        title="You do not belong to an organisation yet"
        action={
          me.mayCreateOrganisation && (
            <Button component={Link} to="/settings/organisation">
              Found an organisation
            </Button>
          )
        }
      >
        {me.mayCreateOrganisation
          ? 'Studies, people and keys belong to an organisation, such as a lab. Found one, or open the invitation link somebody sent you.'
          : 'Ask an admin of your lab for an invitation, and open the link they give you.'}
      </Empty>
    </Page>
  )
}

function FirstStep() {
  const may = useMay()
  if (may('studies.create'))
    return (
      <Button component={Link} to="/studies/new">
        Start from an example
      </Button>
    )
  if (!may('dataset.analyse')) return null
  return (
    <Button component={Link} to="/datasets">
      Look at the datasets
    </Button>
  )
}

/** What will stand here, by what a person is there for. */
function firstWords(may: ReturnType<typeof useMay>): string {
  if (may('studies.create'))
    return 'Make a first study: choose an example, look at it as a participant would, and send yourself the link.'
  if (may('dataset.analyse'))
    return 'Your analyses, and what you are asked about them, appear here. Begin with a dataset: its page has a first question to try.'
  if (may('outputs.check')) return 'Outputs that wait for your check appear here.'
  return 'Studies that are shared with you, and what needs you in them, appear here.'
}
