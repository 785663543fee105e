import { type IResource, Stack } from 'aws-cdk-lib';
import type { Metric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import type { MultiRegionConsistency } from 'aws-cdk-lib/aws-dynamodb';
import type { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { tellFunction } from './environment.js';
import { grantRights } from './grant-rights.js';
import type { ISessionStore } from './i-session-store.js';
import { tableMetric } from './metrics.js';
import { APPLICATION, CLEANUP, DRY_RUN, OPERATOR, type Permissions, SUPPORT_DESK } from './permissions.js';
import type { TableInRegion } from './table-in-region.js';

/** What a table of sessions offers, whoever has made it. */
export abstract class SessionStoreBase extends Construct implements ISessionStore {
  abstract readonly tableName: string;
  abstract readonly tableArn: string;
  abstract readonly env: IResource['env'];
  abstract readonly hasTtl: boolean;
  abstract readonly multiRegionConsistency: MultiRegionConsistency | undefined;
  /**
   * The table in its own region, and its replicas.
   * @hidden
   */
  protected abstract readonly regions: readonly [TableInRegion, ...TableInRegion[]];

  /** The regions with a copy of the table, its own first. */
  get regionNames(): readonly string[] {
    return this.regions.map(({ region }) => region);
  }

  grantAccess(grantee: IGrantable): Grant {
    return this.#grant(grantee, APPLICATION);
  }

  grantReadOnly(grantee: IGrantable): Grant {
    return this.#grant(grantee, SUPPORT_DESK);
  }

  grantAdministration(grantee: IGrantable): Grant {
    return this.#grant(grantee, OPERATOR);
  }

  grantCleanup(grantee: IGrantable, dryRun = false): Grant {
    return this.#grant(grantee, dryRun ? DRY_RUN : CLEANUP);
  }

  metric(metricName: string, options?: MetricOptions): Metric {
    return tableMetric(this, metricName, options);
  }

  #grant(grantee: IGrantable, permissions: Permissions): Grant {
    const table = this.#tableFor(grantee);
    const grant = grantRights(this, table, grantee, permissions);
    tellFunction(this, table, grantee);
    return grant;
  }

  /** The replica in the region of the grantee's stack; if there is none, the table in its own. */
  #tableFor(grantee: IGrantable): TableInRegion {
    const here = Construct.isConstruct(grantee) ? Stack.of(grantee).region : undefined;
    return this.regions.find(({ region }) => region === here) ?? this.regions[0];
  }
}
