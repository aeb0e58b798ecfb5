import '@mantine/spotlight/styles.css'
import { createSpotlight, Spotlight, type SpotlightActionData, type SpotlightActionGroupData } from '@mantine/spotlight'
import { useMantineColorScheme } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useMe, chooseOrganisation, useOrganisation } from '../hooks.ts'
import { session } from '../session/session.ts'
import type { PaletteEntry } from './area.ts'
import { useAreas } from './areas-context.ts'

const [store, opener] = createSpotlight()

/** What the areas offer. */
function useEntries(): PaletteEntry[] {
  // oxlint-disable-next-line react/hooks -- areas are the same at every call: their hooks are called in the same order
  const entries = useAreas().flatMap((area) => area.usePalette?.() ?? [])
  const place = (entry: PaletteEntry) => entry.order ?? 100
  return entries.toSorted((a, b) => place(a) - place(b))
}

/** Acts that belong to no area. */
function useOwnActs(): SpotlightActionData[] {
  const { setColorScheme } = useMantineColorScheme()
  return [
    { id: 'light', label: 'Use light colours', onClick: () => setColorScheme('light') },
    { id: 'dark', label: 'Use dark colours', onClick: () => setColorScheme('dark') },
    { id: 'out', label: 'Sign out', onClick: () => void session.signOut() },
  ]
}
function useOtherOrganisations(): SpotlightActionData[] {
  const navigate = useNavigate()
  const { memberships } = useMe()
  const here = useOrganisation()
  return memberships
    .filter((membership) => membership.organisationId !== here?.organisationId)
    .map(({ organisationId, organisation }) => ({
      id: organisationId,
      label: `Switch to ${organisation}`,
      onClick: () => {
        chooseOrganisation(organisationId)
        void navigate({ to: '/' })
      },
    }))
}

/** Acts first, then the things of each area, then the pages. */
function useActions(): SpotlightActionGroupData[] {
  const navigate = useNavigate()
  const entries = useEntries()
  const offered = (group: string): SpotlightActionData[] =>
    entries
      .filter((entry) => entry.group === group)
      .map(({ label, to, search, description }) => ({
        id: `${to} ${search ? JSON.stringify(search) : ''} ${label}`,
        label,
        description,
        onClick: () => void navigate({ to, search: search as never }),
      }))
  const things = [...new Set(entries.map((entry) => entry.group))].filter(
    (group) => group !== 'Do' && group !== 'Go to',
  )
  return [
    { group: 'Do', actions: [...offered('Do'), ...useOwnActs()] },
    ...things.map((group) => ({ group, actions: offered(group) })),
    { group: 'Go to', actions: [...offered('Go to'), ...useOtherOrganisations()] },
  ]
}

/** Ctrl/Cmd-K: go anywhere and do the common acts. */
export function Palette({ asked }: { asked: number }) {
  useEffect(() => {
    opener.open()
  }, [asked])
  const actions = useActions()
  return (
    <Spotlight
      store={store}
      actions={actions}
      shortcut={null}
      limit={12}
      nothingFound="Nothing like that"
      highlightQuery
      scrollable
      maxHeight={420}
      searchProps={{
        leftSection: <IconSearch size={18} aria-hidden />,
        placeholder: 'Where to, or what to do?',
        'aria-label': 'Where to, or what to do?',
      }}
    />
  )
}
