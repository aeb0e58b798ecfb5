import { Menu, SegmentedControl, Text, useMantineColorScheme } from '@mantine/core'
import { IconBook2, IconCheck, IconKey, IconLogout, IconShieldLock } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { chooseOrganisation, useMe, useOrganisation } from '../hooks.ts'
import { session } from '../session/session.ts'
import styles from './Menus.module.css'

/** The organisations I belong to; choosing one shows it. */
export function OrganisationMenu({ target }: { target: ReactElement }) {
  const me = useMe()
  const here = useOrganisation()
  const navigate = useNavigate()
  const client = useQueryClient()
  const go = (id: string) => {
    chooseOrganisation(id)
    void client.invalidateQueries()
    void navigate({ to: '/' })
  }
  return (
    <Menu position="bottom-start" defaultOpened>
      <Menu.Target>{target}</Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Organisations</Menu.Label>
        {me.memberships.map((membership) => (
          <Menu.Item
            key={membership.organisationId}
            onClick={() => go(membership.organisationId)}
            rightSection={
              membership.organisationId === here?.organisationId ? (
                <IconCheck size={16} aria-label="shown now" />
              ) : undefined
            }
          >
            {membership.organisation}
            <Text size="xs" c="dimmed">
              {membership.roles.join(', ')}
            </Text>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

/** Who I am, light or dark, the way out. */
export function UserMenu({ target }: { target: ReactElement }) {
  const me = useMe()
  const here = useOrganisation()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const account = session.settings()?.account
  return (
    <Menu position="bottom-end" width={260} defaultOpened>
      <Menu.Target>{target}</Menu.Target>
      <Menu.Dropdown>
        <div className={styles.person}>
          <Text fw={600} size="sm">
            {me.name}
          </Text>
          <Text size="xs" c="dimmed">
            {me.email}
          </Text>
          {here && (
            <Text size="xs" c="dimmed">
              {here.roles.join(', ')} at {here.organisation}
            </Text>
          )}
        </div>
        <Menu.Divider />
        <div className={styles.person}>
          <SegmentedControl
            fullWidth
            size="xs"
            aria-label="Colours"
            value={colorScheme}
            onChange={(v) => setColorScheme(v as 'light' | 'dark' | 'auto')}
            data={[
              { value: 'light', label: 'Light' },
              { value: 'dark', label: 'Dark' },
              { value: 'auto', label: 'System' },
            ]}
          />
        </div>
        <Menu.Divider />
        {account && (
          <Menu.Item component="a" href={account} leftSection={<IconShieldLock size={16} aria-hidden />}>
            Sign-in and security
          </Menu.Item>
        )}
        <Menu.Item component={Link} to="/settings/tokens" leftSection={<IconKey size={16} aria-hidden />}>
          Access tokens
        </Menu.Item>
        <Menu.Item component={Link} to="/docs" leftSection={<IconBook2 size={16} aria-hidden />}>
          API reference
        </Menu.Item>
        <Menu.Item onClick={() => void session.signOut()} leftSection={<IconLogout size={16} aria-hidden />}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
