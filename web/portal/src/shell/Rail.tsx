import { NavLink, Stack, Text } from '@mantine/core'
import { IconFlask2, IconHistory, IconHome, IconSettings, type Icon } from '@tabler/icons-react'
import { Link, useRouterState } from '@tanstack/react-router'
import { useMay, useOrganisation } from '../hooks.ts'
import { useStudies } from '../studies/data.ts'

function Entry({ to, label, icon: I, count, countMeans }: { to: string; label: string; icon?: Icon; count?: number | undefined; countMeans?: string }) {
  const path = useRouterState({ select: (s) => s.location.pathname })
  const active = to === '/' ? path === '/' : path === to || path.startsWith(`${to}/`)
  return (
    <NavLink component={Link} to={to} active={active} aria-current={active ? 'page' : undefined} label={label} leftSection={I ? <I size={18} stroke={1.6} aria-hidden /> : <span className="indent" />}
      rightSection={count ? <Text component="span" size="xs" className="count" aria-label={`${count} ${countMeans}`}>{count}</Text> : undefined} />
  )
}

/** The areas in the order of the data's life, each with the count that matters today. What a person may not do is not shown. */
export function Rail() {
  const here = useOrganisation()
  const may = useMay()
  const { data } = useStudies(here?.organisationId)
  const path = useRouterState({ select: (s) => s.location.pathname })
  const live = data?.filter((s) => s.state === 'live').length
  return (
    <Stack gap={2} p="xs">
      <Entry to="/" label="Home" icon={IconHome} />
      {here && may('studies.list') && <Entry to="/studies" label="Studies" icon={IconFlask2} count={live} countMeans="live" />}
      {here && may('audit.read') && <Entry to="/audit" label="Audit" icon={IconHistory} />}
      <Entry to={here ? '/settings' : '/settings/tokens'} label="Settings" icon={IconSettings} />
      {path.startsWith('/settings') && <>
        {here && may('people.read') && <Entry to="/settings/people" label="People" />}
        <Entry to="/settings/tokens" label="Access tokens" />
        {here && <Entry to="/settings/organisation" label="Organisation" />}
      </>}
    </Stack>
  )
}
