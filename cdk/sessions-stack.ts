import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import type { Construct } from 'constructs';
import { SessionStore } from './session-store.js';

/** The options of {@link SessionsStack}. */
export interface SessionsStackProps extends StackProps {
  /**
   * When the cleanup runs, such as `rate(1 hour)`.
   * @default - once a day
   */
  readonly cleanupSchedule?: string;
  /**
   * Whether the table, and all sessions with it, goes when the stack is deleted.
   * @default false
   */
  readonly ephemeral?: boolean;
}

/** The session store alone. */
export class SessionsStack extends Stack {
  readonly store: SessionStore;

  constructor(scope: Construct, id: string, props: SessionsStackProps = {}) {
    super(scope, id, props);
    const { cleanupSchedule, ephemeral = false } = props;
    this.store = new SessionStore(this, 'Store', {
      ...(ephemeral && { deletionProtection: false, removalPolicy: RemovalPolicy.DESTROY }),
      ...(cleanupSchedule !== undefined && { cleanup: { schedule: ScheduleExpression.expression(cleanupSchedule) } }),
    });
    new CfnOutput(this, 'TableName', { value: this.store.table.tableName });
  }
}
