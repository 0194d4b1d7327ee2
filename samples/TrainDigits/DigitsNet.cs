using TorchSharp;
using static TorchSharp.torch;

namespace TrainDigits;

/// <summary>Two convolutions and two linear layers: images (rows, 1, 8, 8) to the logits of ten digits, (rows, 10).</summary>
internal sealed class DigitsNet : nn.Module<Tensor, Tensor>
{
    private readonly nn.Module<Tensor, Tensor> layers = nn.Sequential(
        ("conv1", nn.Conv2d(1, 16, 3, padding: 1)),
        ("relu1", nn.ReLU()),
        ("conv2", nn.Conv2d(16, 32, 3, padding: 1)),
        ("relu2", nn.ReLU()),
        ("pool", nn.MaxPool2d(2)),
        ("flatten", nn.Flatten()),
        ("hidden", nn.Linear(32 * 4 * 4, 64)),
        ("relu3", nn.ReLU()),
        ("dropout", nn.Dropout(0.3)),
        ("logits", nn.Linear(64, 10)));

    public DigitsNet()
        : base(nameof(DigitsNet)) => RegisterComponents();

    public override Tensor forward(Tensor images) => layers.call(images);
}
