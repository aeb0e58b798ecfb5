import { Anchor, Box, Group, Text, Title } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import styles from './Page.module.css'

/**
 * The anatomy of every page: name and state on top with the one next action, then what is happening, its parts, its
 * history.
 */
export function Page({
  title,
  state,
  hint,
  action,
  back,
  wide = false,
  children,
}: {
  title: string
  state?: ReactNode
  hint?: ReactNode
  action?: ReactNode
  back?: { to: string; label: string }
  wide?: boolean
  children: ReactNode
}) {
  useDocumentTitle(`${title} · Cloister`)
  return (
    <Box className={styles.page} data-wide={wide || undefined}>
      <header className={styles.head}>
        {back && (
          <Anchor component={Link} to={back.to} size="sm" className={styles.back}>
            {back.label}
          </Anchor>
        )}
        <Group justify="space-between" align="flex-start" gap="sm">
          <div className={styles.title}>
            <Group gap="sm" align="center">
              <Title order={1} tabIndex={-1} id="page-title">
                {title}
              </Title>
              {state}
            </Group>
            {hint && (
              <Text component="div" c="dimmed" size="sm" mt={4} maw={720}>
                {hint}
              </Text>
            )}
          </div>
          {action && (
            <Group gap="xs" className={styles.actions}>
              {action}
            </Group>
          )}
        </Group>
      </header>
      {children}
    </Box>
  )
}

/** A part of a page with a heading of its own. */
export function Section({
  title,
  hint,
  action,
  children,
}: {
  title: string
  hint?: ReactNode
  action?: ReactNode
  children: ReactNode
}) {
  return (
    <section className={styles.section}>
      <Group justify="space-between" align="baseline" gap="sm" mb="xs">
        <Title order={2}>{title}</Title>
        {action}
      </Group>
      {hint && (
        <Text c="dimmed" size="sm" mb="sm" maw={720} component="div">
          {hint}
        </Text>
      )}
      {children}
    </section>
  )
}
