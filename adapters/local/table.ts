/** The table on the embedded store: the DynamoDB adapter over the real protocol, and the making of the table. */
import { CreateTableCommand, DescribeTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { Table } from '../../ports/table.ts'
import { awsTable, dynamoClient } from '../aws/table.ts'

export interface LocalTableOptions { endpoint: string; tableName: string }

// The embedded store checks neither; the protocol wants both.
const client = (endpoint: string): DynamoDBClient => dynamoClient({ endpoint, region: 'local', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } })

/** The one table on dynalite at `endpoint`. Make it once with `createTable`. */
export const localTable = ({ endpoint, tableName }: LocalTableOptions): Table => awsTable({ tableName, client: client(endpoint) })

/** Makes the table if it is missing and returns when it can be used. */
export async function createTable({ endpoint, tableName: TableName }: LocalTableOptions): Promise<void> {
  const db = client(endpoint)
  const status = async (): Promise<string | undefined> => {
    try { return (await db.send(new DescribeTableCommand({ TableName }))).Table?.TableStatus } catch (e) {
      if (e instanceof Error && e.name === 'ResourceNotFoundException') return undefined
      throw e
    }
  }
  try {
    if ((await status()) === undefined) {
      await db.send(new CreateTableCommand({
        TableName, BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: ['pk', 'sk', 'gpk', 'gsk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const })),
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }, { AttributeName: 'sk', KeyType: 'RANGE' }],
        GlobalSecondaryIndexes: [{ IndexName: 'index', KeySchema: [{ AttributeName: 'gpk', KeyType: 'HASH' }, { AttributeName: 'gsk', KeyType: 'RANGE' }], Projection: { ProjectionType: 'ALL' } }],
      }))
    }
    while ((await status()) !== 'ACTIVE') await new Promise((r) => setTimeout(r, 20))
  } finally { db.destroy() }
}
