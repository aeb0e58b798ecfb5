/**
 * The API reference at /docs, made from the contracts: it cannot say anything else than the server does. Needs no
 * sign-in.
 */
import { Anchor, Code, CopyButton, Button, Group, Table, Text, TextInput, Title } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { Link, useRouterState } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { allRoutes, areas, type NamedRoute } from '../../../../contracts/index.ts'
import { problemList, schemaOf, whoMay } from '../../../../contracts/openapi.ts'
import { problems } from '../../../../contracts/problems.ts'
import { allProblems, type Area } from '../../../../contracts/route.ts'
import { Mark } from '../shell/Mark.tsx'
import { SchemaTree } from './schema.tsx'
import markStyles from '../shell/Mark.module.css'
import styles from './reference.module.css'

const idOf = (n: NamedRoute) => `${n.area}.${n.name}`

/** Text with `code` between backticks. */
const Words = ({ text }: { text: string }) => (
  <>{text.split('`').map((part, i) => (i % 2 ? <code key={i}>{part}</code> : part))}</>
)

/** A request as one types it into a shell. */
function example({ route }: NamedRoute): string {
  const lines = [
    `curl ${route.method === 'GET' ? '' : `-X ${route.method} `}"$CLOISTER_SERVER${route.path.replaceAll(/\{(\w+)\}/g, '$$$1')}"`,
  ]
  if (route.access.kind !== 'anyone')
    lines.push(`-H "Authorization: Bearer ${route.access.kind === 'run-token' ? '$RUN_TOKEN' : '$CLOISTER_TOKEN'}"`)
  if (route.body) lines.push('-H "Content-Type: application/json"', '-d @body.json')
  return lines.join(' \\\n  ')
}

function RouteEntry({ named, open }: { named: NamedRoute; open: boolean }) {
  const route = named.route
  const [shown, setShown] = useState(open)
  useEffect(() => {
    if (open) {
      setShown(true)
      document.getElementById(idOf(named))?.scrollIntoView()
    }
  }, [open, named])
  const text = example(named)
  return (
    <details className={styles.route} id={idOf(named)} open={shown} onToggle={(e) => setShown(e.currentTarget.open)}>
      <summary>
        <span className={styles.method}>{route.method}</span>
        <code>{route.path}</code>
        <span className={styles.says}>{route.summary}</span>
      </summary>
      {shown && (
        <div className={styles.inside}>
          <Text size="sm" mt="xs">
            {route.detail && (
              <>
                <Words text={route.detail} />{' '}
              </>
            )}
            <Words text={whoMay(route)} />{' '}
            <Anchor href={`#${idOf(named)}`} size="sm">
              Link to this
            </Anchor>
          </Text>
          {route.params && (
            <>
              <h3>In the path</h3>
              <SchemaTree schema={schemaOf(route.params, 'input')} />
            </>
          )}
          {route.query && (
            <>
              <h3>In the query</h3>
              <SchemaTree schema={schemaOf(route.query, 'input')} />
            </>
          )}
          {route.body && (
            <>
              <h3>Body</h3>
              <SchemaTree schema={schemaOf(route.body, 'input')} />
            </>
          )}
          <h3>Answer {route.status}</h3>
          {route.status === 204 ? (
            <Text size="sm">Nothing: it is done.</Text>
          ) : (
            <SchemaTree schema={schemaOf(route.response, 'output')} />
          )}
          <h3>Problems</h3>
          <Text size="sm">
            {allProblems(route).map((kind, index) => (
              <span key={kind}>
                {index > 0 && ', '}
                <Anchor component={Link} to="/docs/problems" hash={kind} size="sm">
                  {kind}
                </Anchor>{' '}
                ({problems[kind].status})
              </span>
            ))}
          </Text>
          <Group justify="space-between" align="baseline">
            <h3>From a shell</h3>
            <CopyButton value={text}>
              {({ copied, copy }) => (
                <Button size="compact-xs" variant="subtle" onClick={copy}>
                  {copied ? 'Copied' : 'Copy'}
                </Button>
              )}
            </CopyButton>
          </Group>
          <Code block tabIndex={0}>
            {text}
          </Code>
        </div>
      )}
    </details>
  )
}

function Routes({ hash }: { hash: string }) {
  const [query, setQuery] = useState('')
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  const matches = (n: NamedRoute) =>
    words.every((w) => `${n.route.method} ${n.route.path} ${n.route.summary} ${idOf(n)}`.toLowerCase().includes(w))
  return (
    <>
      <Title order={1}>API reference</Title>
      <Text mt="xs" maw={720}>
        JSON over HTTPS. Send an access token as <code>Authorization: Bearer …</code>; make one under{' '}
        <Anchor component={Link} to="/settings/tokens">
          Access tokens
        </Anchor>
        , or let <code>cloister login</code> do it. Lists answer <code>items</code> and <code>next</code>; send{' '}
        <code>next</code> back as <code>after</code>. What can be repeated safely takes a <code>requestId</code>; what
        changes takes the <code>rev</code> you saw.
      </Text>
      <TextInput
        mt="md"
        aria-label="Search the reference"
        placeholder="Search the reference"
        value={query}
        onChange={(e) => setQuery(e.currentTarget.value)}
        maw={420}
      />
      {Object.values(areas as Record<string, Area>).map((area) => {
        const shown = allRoutes.filter((n) => n.area === area.name && matches(n))
        return (
          shown.length > 0 && (
            <section key={area.name} aria-labelledby={area.name}>
              <Title order={2} mt="xl" id={area.name}>
                {area.name[0]!.toUpperCase() + area.name.slice(1)}
              </Title>
              <Text c="dimmed" size="sm">
                {area.summary}
              </Text>
              {shown.map((named) => (
                <RouteEntry key={idOf(named)} named={named} open={hash === idOf(named)} />
              ))}
            </section>
          )
        )
      })}
      {words.length > 0 && !allRoutes.some(matches) && <Text mt="lg">Nothing matches “{query}”.</Text>}
    </>
  )
}

function Problems({ hash }: { hash: string }) {
  useEffect(() => {
    if (hash) document.getElementById(hash)?.scrollIntoView({ block: 'center' })
  }, [hash])
  return (
    <>
      <Title order={1}>Problems</Title>
      <Text mt="xs" mb="md" maw={720}>
        Every failure is <code>application/problem+json</code> (RFC 9457): <code>kind</code> is stable and for programs,{' '}
        <code>detail</code> is a sentence for people, <code>errors</code> names each wrong field by a JSON pointer, and{' '}
        <code>instance</code> is the request id to quote when asking for help.
      </Text>
      <Table.ScrollContainer minWidth={320}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Kind</Table.Th>
              <Table.Th>Status</Table.Th>
              <Table.Th>Means</Table.Th>
              <Table.Th visibleFrom="sm">Answered by</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {problemList.map((problem) => (
              <Table.Tr key={problem.kind} id={problem.kind} data-chosen={problem.kind === hash || undefined}>
                <Table.Td valign="top">
                  <Anchor href={`#${problem.kind}`} size="sm" ff="monospace">
                    {problem.kind}
                  </Anchor>
                </Table.Td>
                <Table.Td valign="top">{problem.status}</Table.Td>
                <Table.Td valign="top">{problem.title}</Table.Td>
                <Table.Td valign="top" visibleFrom="sm">
                  <Text size="xs" c="dimmed">
                    {problem.answeredBy.length > 8
                      ? `${problem.answeredBy.length} routes`
                      : problem.answeredBy.join(', ') || 'the gateway'}
                  </Text>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </>
  )
}

export function ReferencePage() {
  const { pathname, hash } = useRouterState({ select: (s) => s.location })
  const target = decodeURIComponent(hash.replace(/^#/, ''))
  const onProblems = pathname.replace(/\/$/, '') === '/docs/problems'
  useDocumentTitle(`${onProblems ? 'Problems' : 'API reference'} · Cloister`)
  return (
    <div className={styles.reference}>
      <nav aria-label="Reference">
        <Link to="/" aria-label="Cloister, home" className={`${markStyles.brand} ${styles.brand}`}>
          <Mark /> Cloister
        </Link>
        <Anchor component={Link} to="/docs" aria-current={onProblems ? undefined : 'page'}>
          All routes
        </Anchor>
        {Object.keys(areas).map((area) => (
          <Anchor key={area} component={Link} to="/docs" hash={area}>
            {area[0]!.toUpperCase() + area.slice(1)}
          </Anchor>
        ))}
        <Anchor component={Link} to="/docs/problems" aria-current={onProblems ? 'page' : undefined}>
          Problems
        </Anchor>
        <Anchor href="/api/openapi.json">OpenAPI 3.1 document</Anchor>
      </nav>
      <main>{onProblems ? <Problems hash={target} /> : <Routes hash={target} />}</main>
    </div>
  )
}
