import type { Template } from '../../templates/template.js';

/**
 * ministack refuses alarms on metrics that are computed from others. Such an alarm gets a plain metric, and stays what
 * everything else in the template refers to.
 */
export function withPlainAlarms<T extends Template>({ Resources, ...sections }: T): T {
  const plain = Object.entries(Resources).map(([id, resource]) => {
    const { Metrics, ...others } = resource.Properties;
    const metric = { Namespace: 'Test', MetricName: 'Computed', Statistic: 'Sum', Period: 60 };
    const isComputed = resource.Type === 'AWS::CloudWatch::Alarm' && Metrics !== undefined;
    return [id, isComputed ? { ...resource, Properties: { ...others, ...metric } } : resource];
  });
  return { ...sections, Resources: Object.fromEntries(plain) } as unknown as T;
}
