import { IconSettings } from '@tabler/icons-react'
import { useRouterState } from '@tanstack/react-router'
import { useMay, useOrganisation } from '../hooks.ts'
import { type Area, onward, page, type PaletteEntry } from '../shell/area.ts'
import { RailEntry } from '../shell/RailEntry.tsx'

const pages = () => import('./index.tsx')

function SettingsRail() {
  const here = useOrganisation()
  const may = useMay()
  const open = useRouterState({ select: (state) => state.location.pathname.startsWith('/settings') })
  return (
    <>
      <RailEntry to={here ? '/settings' : '/settings/tokens'} label="Settings" icon={IconSettings} />
      {open && (
        <>
          {here && may('people.read') && <RailEntry to="/settings/people" label="People" />}
          <RailEntry to="/settings/tokens" label="Access tokens" />
          {here && <RailEntry to="/settings/organisation" label="Organisation" />}
        </>
      )}
    </>
  )
}

function usePalette(): PaletteEntry[] {
  const here = useOrganisation()
  const may = useMay()
  const entries: PaletteEntry[] = []
  if (here && may('people.manage')) entries.push({ group: 'Do', label: 'Invite a person', to: '/settings/people' })
  entries.push({
    group: 'Do',
    label: 'Make an access token',
    to: '/settings/tokens',
    description: 'For scripts and tools',
  })
  if (here && may('people.read')) entries.push({ group: 'Go to', label: 'People', to: '/settings/people' })
  return entries
}

export const settings: Area = {
  name: 'settings',
  routes: [
    onward('/settings', () => '/settings/people'),
    page('/settings/people', pages, 'PeoplePage'),
    page('/settings/tokens', pages, 'TokensPage'),
    page('/settings/sign-in', pages, 'SignInPage'),
    page('/settings/organisation', pages, 'OrganisationPage'),
    page('/join', pages, 'InvitationPage'),
  ],
  Rail: SettingsRail,
  usePalette,
}
