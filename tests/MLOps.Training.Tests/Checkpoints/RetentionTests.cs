using FsCheck;
using FsCheck.Fluent;
using MLOps.Tracking;
using MLOps.Training.Checkpoints;

namespace MLOps.Training.Tests.Checkpoints;

public sealed class RetentionTests
{
    [Fact]
    public void The_newest_the_best_and_those_to_keep_are_never_removed() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(TestLength.Of(300, 20_000)), Prop.ForAll(Arb.From(Gen.Choose(0, int.MaxValue - 1)), seed =>
        {
            Random random = new(seed);
            int keepLast = random.Next(1, 5);
            long? keepEvery = random.Next(2) == 0 ? null : random.Next(1, 30);
            MetricDirection better = random.Next(2) == 0 ? MetricDirection.Higher : MetricDirection.Lower;
            List<Retention.Entry> all = [], there = [];
            long step = 0;
            for (int i = 0; i < 40; i++)
            {
                step += random.Next(1, 12);
                double? metric = random.Next(3) switch { 0 => null, 1 => random.Next(4), _ => random.Next(6) == 0 ? double.NaN : random.NextDouble() };
                Retention.Entry entry = new($"step-{step}", step, metric);
                all.Add(entry);
                there.Add(entry);
                foreach (string name in Retention.FindExpired(there, keepLast, keepEvery, better))
                    Assert.Equal(1, there.RemoveAll(known => known.Name == name));

                HashSet<string> names = [.. there.Select(known => known.Name)];
                Assert.All(all.TakeLast(keepLast), known => Assert.Contains(known.Name, names));
                List<Retention.Entry> measured = [.. all.Where(known => known.Metric is { } value && !double.IsNaN(value))];
                if (measured.Count > 0)
                {
                    double best = better == MetricDirection.Higher ? measured.Max(known => known.Metric!.Value) : measured.Min(known => known.Metric!.Value);
                    Assert.Contains(measured.First(known => known.Metric == best).Name, names);
                }

                int kept = 0;
                if (keepEvery is { } every)
                {
                    foreach (IGrouping<long, Retention.Entry> group in all.Where(known => known.Step >= every).GroupBy(known => known.Step / every))
                    {
                        Assert.Contains(group.First().Name, names);
                        kept++;
                    }
                }

                Assert.InRange(there.Count, Math.Min(all.Count, keepLast), keepLast + kept + 1);
            }
        }));

    [Fact]
    public void Multiples_are_kept_where_checkpoints_fall_on_them()
    {
        List<Retention.Entry> there = [];
        for (long step = 100; step <= 3_500; step += 100)
        {
            there.Add(new($"{step}", step, null));
            foreach (string name in Retention.FindExpired(there, 2, 1_000, MetricDirection.Lower))
                there.RemoveAll(entry => entry.Name == name);
        }

        Assert.Equal([1_000, 2_000, 3_000, 3_400, 3_500], there.Select(entry => entry.Step));
    }
}
