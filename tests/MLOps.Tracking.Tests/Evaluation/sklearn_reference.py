# Made SklearnSample.cs and the numbers of SklearnTests.cs, with scikit-learn 1.2.1 and NumPy 1.24.2: python3 sklearn_reference.py
import warnings
import numpy as np
import sklearn.metrics as m
from sklearn.calibration import calibration_curve

warnings.simplefilter("ignore")
i = np.arange(40)
sample = {
    "labels": (i * 7 + i // 3) % 5 < 2,
    "weights": 0.25 + (i % 7) * 0.5,
    "targets": np.round(100 + 10 * np.sin(i) + i, 3),
    "predictions": np.round(100 + 9 * np.sin(i + 0.1) + 1.1 * i, 3),
    "actual": (i * i + i // 3) % 4,
    "predicted": (i * 3 + i // 5) % 4,
}
sample["probabilities"] = np.round(((i * 37) % 101) / 101 * 0.7 + sample["labels"] * 0.25, 2)
of_classes = 1.0 + (np.outer(i, [3, 5, 7, 11]) % 13)
sample["class_probabilities"] = of_classes / of_classes.sum(axis=1, keepdims=True)
labels, scores, weights = sample["labels"], sample["probabilities"], sample["weights"]

for name, column in sample.items():
    print(name, str([x.item() for x in column.ravel()]).lower())
for w in (None, weights):
    positive = scores >= 0.5
    print("weights" if w is not None else "no weights")
    for name, value in {
        "accuracy": m.accuracy_score(labels, positive, sample_weight=w),
        "precision": m.precision_score(labels, positive, sample_weight=w),
        "recall": m.recall_score(labels, positive, sample_weight=w),
        "f1": m.f1_score(labels, positive, sample_weight=w),
        "f2": m.fbeta_score(labels, positive, beta=2, sample_weight=w),
        "roc auc": m.roc_auc_score(labels, scores, sample_weight=w),
        "average precision": m.average_precision_score(labels, scores, sample_weight=w),
        "log loss": m.log_loss(labels, scores, sample_weight=w),
        "brier": m.brier_score_loss(labels, scores, sample_weight=w),
        "log loss of classes": m.log_loss(sample["actual"], sample["class_probabilities"], labels=range(4), sample_weight=w),
        "macro": m.precision_recall_fscore_support(sample["actual"], sample["predicted"], average="macro", sample_weight=w)[:3],
        "micro": m.precision_recall_fscore_support(sample["actual"], sample["predicted"], average="micro", sample_weight=w)[:3],
        "weighted": m.precision_recall_fscore_support(sample["actual"], sample["predicted"], average="weighted", sample_weight=w)[:3],
        "classes": [list(x) for x in m.precision_recall_fscore_support(sample["actual"], sample["predicted"], average=None, sample_weight=w)],
        "mse": m.mean_squared_error(sample["targets"], sample["predictions"], sample_weight=w),
        "mae": m.mean_absolute_error(sample["targets"], sample["predictions"], sample_weight=w),
        "r2": m.r2_score(sample["targets"], sample["predictions"], sample_weight=w),
        "pinball 0.9": m.mean_pinball_loss(sample["targets"], sample["predictions"], alpha=0.9, sample_weight=w),
    }.items():
        print(" ", name, value)
for strategy in ("uniform", "quantile"):
    print(strategy, [list(x) for x in calibration_curve(labels, scores, n_bins=5, strategy=strategy)])
print("roc", [list(x) for x in m.roc_curve(labels[:8], scores[:8], drop_intermediate=False)])
print("pr", [list(x) for x in m.precision_recall_curve(labels[:8], scores[:8])])
