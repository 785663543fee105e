import { App, Stack } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { SessionStore } from 'dynamodb-sessions/cdk';
import { describe, expect, it } from 'vitest';
import { countEvents } from '../../src/powertools/index.js';
import { ALL_EVENTS } from '../unit/powertools/events.js';
import { only, synth, synthDefault, type Synthesised } from './synth.js';

const bodyOf = (synthesised: Synthesised): string =>
  JSON.stringify(only(synthesised, 'AWS::CloudWatch::Dashboard').Properties);

/** The names under which `countEvents` counts. */
function countedNames(): string[] {
  const names: string[] = [];
  const single = { addMetadata: () => {}, addMetric: (name: string) => void names.push(name) };
  for (const event of ALL_EVENTS) countEvents({ singleMetric: () => single })(event);
  return names;
}

describe('the metrics of sessions on the dashboard', () => {
  it('are every metric that countEvents writes, whatever its dimensions, in the namespace that is named', () => {
    const searched = [
      ...bodyOf(synth({ metricsNamespace: 'My shop' })).matchAll(
        /SUM\(SEARCH\('Namespace=[\\"]+My shop[\\"]+ MetricName=[\\"]+(\w+)[\\"]+', 'Sum', 300\)\)/g,
      ),
    ].map(([, name]) => name as string);
    const byName = (a: string, b: string): number => a.localeCompare(b);
    expect(searched.toSorted(byName)).toEqual(countedNames().toSorted(byName));
  });

  it('are in three graphs below the alarms', () => {
    const titles = [...bodyOf(synth({ metricsNamespace: 'Shop' })).matchAll(/\\"title\\":\\"(.*?)\\"/g)];
    expect(titles.map(([, title]) => title).slice(0, 5)).toEqual([
      'Alarms',
      'Sessions: begun and kept',
      'Sessions: ended',
      'Sessions: to look into',
      'Read and write units of the table',
    ]);
  });

  it('are not there if no namespace is named', () => {
    expect(bodyOf(synthDefault())).not.toMatch(/SEARCH|Sessions: /);
  });

  it('give CDK nothing to warn of', () => {
    const stack = new Stack(new App(), 'Test');
    new SessionStore(stack, 'Store', { metricsNamespace: 'Shop', cleanup: false });
    Annotations.fromStack(stack).hasNoWarning('*', Match.anyValue());
  });
});
