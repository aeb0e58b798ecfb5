import '@mantine/spotlight/styles.css'
import { createSpotlight, Spotlight, type SpotlightActionGroupData } from '@mantine/spotlight'
import { useMantineColorScheme } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useMay, useMe, chooseOrganisation, useOrganisation } from '../hooks.ts'
import { session } from '../session/session.ts'
import { useStudies } from '../studies/data.ts'

const [store, opener] = createSpotlight()

/** Ctrl/Cmd-K: go anywhere and do the common acts. */
export function Palette({ asked }: { asked: number }) {
  useEffect(() => { opener.open() }, [asked])
  const navigate = useNavigate()
  const me = useMe()
  const here = useOrganisation()
  const may = useMay()
  const { data: studies = [] } = useStudies(here?.organisationId)
  const { setColorScheme } = useMantineColorScheme()
  const go = (label: string, to: string, description?: string) => ({ id: `${to} ${label}`, label, description, onClick: () => void navigate({ to }) })
  const actions: SpotlightActionGroupData[] = [
    { group: 'Do', actions: [
      ...(here && may('studies.create') ? [go('New study', '/studies/new', 'From an example, from a file or empty')] : []),
      ...(here && may('people.manage') ? [go('Invite a person', '/settings/people')] : []),
      go('Make an access token', '/settings/tokens', 'For scripts and tools'),
      { id: 'light', label: 'Use light colours', onClick: () => setColorScheme('light') }, { id: 'dark', label: 'Use dark colours', onClick: () => setColorScheme('dark') },
      { id: 'out', label: 'Sign out', onClick: () => void session.signOut() },
    ] },
    { group: 'Studies', actions: studies.flatMap((s) => [
      go(s.title, `/studies/${s.studyId}/overview`, s.state),
      ...(may('study.edit', s) ? [go(`${s.title}: links`, `/studies/${s.studyId}/links`, 'Make or copy a link'), go(`${s.title}: content`, `/studies/${s.studyId}/content`, 'Edit and publish')] : []),
    ]) },
    { group: 'Go to', actions: [
      go('Home', '/'), ...(here ? [go('Studies', '/studies')] : []), ...(here && may('audit.read') ? [go('Audit', '/audit')] : []),
      ...(here && may('people.read') ? [go('People', '/settings/people')] : []), go('Approve a tool', '/device', 'Enter the code that a tool shows'), go('API reference', '/docs'),
      ...me.memberships.filter((m) => m.organisationId !== here?.organisationId).map((m) => ({ id: m.organisationId, label: `Switch to ${m.organisation}`, onClick: () => { chooseOrganisation(m.organisationId); void navigate({ to: '/' }) } })),
    ] },
  ]
  return <Spotlight store={store} actions={actions} shortcut={null} limit={12} nothingFound="Nothing like that" highlightQuery scrollable maxHeight={420}
    searchProps={{ leftSection: <IconSearch size={18} aria-hidden />, placeholder: 'Where to, or what to do?', 'aria-label': 'Where to, or what to do?' }} />
}
