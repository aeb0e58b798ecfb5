/** The table on DynamoDB, through the SDK. */
import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb'
import {
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb'
import type { Table } from '../../ports/table.ts'
import { dynamoTable, type Operation, type Output } from './dynamo-table.ts'

export interface AwsTableOptions extends Pick<DynamoDBClientConfig, 'endpoint' | 'region' | 'credentials'> {
  tableName: string
  client?: DynamoDBClient
}

/** A client with enough kept-alive connections for a burst, and short waits: a handler would rather retry than hang. */
const dynamoClient = (o: Omit<AwsTableOptions, 'tableName' | 'client'>): DynamoDBClient =>
  new DynamoDBClient({
    ...o,
    maxAttempts: 4,
    requestHandler: {
      connectionTimeout: 3000,
      requestTimeout: 10_000,
      httpAgent: { keepAlive: true, maxSockets: 128 },
      httpsAgent: { keepAlive: true, maxSockets: 128 },
    },
  })

const commands = {
  GetItem: GetCommand,
  PutItem: PutCommand,
  UpdateItem: UpdateCommand,
  DeleteItem: DeleteCommand,
  Query: QueryCommand,
} satisfies Record<Operation, unknown>

/** The one table, on DynamoDB (index name `index`, keys pk/sk and gpk/gsk). */
export function awsTable({ tableName, client, ...options }: AwsTableOptions): Table {
  const db = DynamoDBDocumentClient.from(client ?? dynamoClient(options), {
    marshallOptions: { removeUndefinedValues: true },
  })
  return dynamoTable(
    tableName,
    (operation, input) => db.send(new commands[operation](input as never) as GetCommand) as Promise<Output>,
  )
}
