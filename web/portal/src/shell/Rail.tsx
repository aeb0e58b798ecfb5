import { NavLink, Stack, Text } from '@mantine/core'
import {
  IconChartBar,
  IconDatabase,
  IconEyeCheck,
  IconFlask2,
  IconHistory,
  IconHome,
  IconRoute,
  IconSettings,
  IconTablePlus,
  type Icon,
} from '@tabler/icons-react'
import { Link, useRouterState } from '@tanstack/react-router'
import { useKeptJobs, useMyJobs, useReviews, moving } from '../analyses/data.ts'
import { useDatasets } from '../datasets/data.ts'
import { useMay, useOrganisation } from '../hooks.ts'
import { useStudies } from '../studies/data.ts'

function Entry({
  to,
  label,
  icon: I,
  count,
  countMeans,
}: {
  to: string
  label: string
  icon?: Icon
  count?: number | undefined
  countMeans?: string
}) {
  const path = useRouterState({ select: (s) => s.location.pathname })
  const active = to === '/' ? path === '/' : path === to || path.startsWith(`${to}/`)
  return (
    <NavLink
      component={Link}
      to={to}
      active={active}
      aria-current={active ? 'page' : undefined}
      label={label}
      leftSection={I ? <I size={18} stroke={1.6} aria-hidden /> : <span className="indent" />}
      rightSection={
        count ? (
          <Text component="span" size="xs" className="count" aria-label={`${count} ${countMeans}`}>
            {count}
          </Text>
        ) : undefined
      }
    />
  )
}

/**
 * The areas in the order of the data's life, each with the count that matters today. What a person may not do is not
 * shown.
 */
export function Rail() {
  const here = useOrganisation()
  const may = useMay()
  const { data } = useStudies(here?.organisationId)
  const asks = here !== undefined && may('dataset.analyse')
  const checks = here !== undefined && may('outputs.check')
  const { data: datasets } = useDatasets(here?.organisationId)
  const { data: jobs } = useMyJobs({}, asks)
  const { data: reviews } = useReviews(checks ? here.organisationId : undefined)
  const toConfirm = may('datasets.create')
    ? datasets?.filter((d) => d.state === 'proposed' || d.state === 'draft').length
    : undefined
  const running = jobs?.pages[0]?.items.filter(moving).length
  const toApprove = useKeptJobs({ state: 'queued' }, here !== undefined && may('datasets.create')).jobs.filter(
    (j) => j.waiting === 'approval',
  ).length
  const due = reviews?.filter((r) => !r.own && !r.voted && r.waiting !== 'answer').length
  const path = useRouterState({ select: (s) => s.location.pathname })
  const live = data?.filter((s) => s.state === 'live').length
  return (
    <Stack gap={2} p="xs">
      <Entry to="/" label="Home" icon={IconHome} />
      {here && may('studies.list') && (
        <Entry to="/studies" label="Studies" icon={IconFlask2} count={live} countMeans="live" />
      )}
      {here && may('datasets.list') && (
        <Entry to="/datasets" label="Datasets" icon={IconDatabase} count={toConfirm} countMeans="to finish" />
      )}
      {asks && (
        <Entry
          to="/analyses"
          label="Analyses"
          icon={IconChartBar}
          count={toApprove || running}
          countMeans={toApprove ? 'to approve' : 'running'}
        />
      )}
      {here && may('syntheses.list') && <Entry to="/synthetic" label="Synthetic data" icon={IconTablePlus} />}
      {here && may('pipelines.list') && <Entry to="/pipelines" label="Pipelines" icon={IconRoute} />}
      {checks && <Entry to="/checks" label="Output checks" icon={IconEyeCheck} count={due} countMeans="due" />}
      {here && may('audit.read') && <Entry to="/audit" label="Audit" icon={IconHistory} />}
      <Entry to={here ? '/settings' : '/settings/tokens'} label="Settings" icon={IconSettings} />
      {path.startsWith('/settings') && (
        <>
          {here && may('people.read') && <Entry to="/settings/people" label="People" />}
          <Entry to="/settings/tokens" label="Access tokens" />
          {here && <Entry to="/settings/organisation" label="Organisation" />}
        </>
      )}
    </Stack>
  )
}
