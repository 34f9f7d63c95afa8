import torch
from torch import nn

from mmgen import Generator, Options, Phase, Size, Stage, Trainer


class Example(Generator):
    uses_tokens = False

    def __init__(self, config, *, conditioner=None):
        super().__init__(config, conditioner=conditioner)
        self.shape = (config.channels, config.height, config.width)
        pixels, told = torch.Size(self.shape).numel(), 1 + self.condition_width
        self.net = nn.Sequential(nn.Linear(pixels + told, 512), nn.SiLU(), nn.Linear(512, pixels))

    @property
    def size(self):
        return Size(channels=self.shape[0], height=self.shape[1], width=self.shape[2])

    def forward(self, noisy, times, condition):
        told = condition.pooled[:, : self.condition_width]
        inputs = torch.cat([noisy.flatten(1), times[:, None], told], dim=1)
        return self.net(inputs).view_as(noisy)

    def sample(self, condition, rng, options, steps=20):
        picture = rng.normal(self.shape)
        for step in range(steps):
            times = picture.new_full((len(picture),), 1 - step / steps)
            picture = picture - self(picture, times, condition) / steps
        return ((picture + 1) / 2).clamp(0, 1)


class ExampleTrainer(Trainer[Options]):
    def stages(self):
        learning = [p for p in self.model.parameters() if p.requires_grad]
        phase = Phase(name="flow", parameters=learning, loss=self.loss, ema=(self.model,))
        return [Stage(name="train", phases=[phase])]

    def loss(self, batch, step, rng):
        return {"loss": self.evaluate(batch, rng)["error"].mean()}

    def evaluate(self, batch, rng):
        picture, times = 2 * batch["target"] - 1, rng.uniform((), stream="times")
        noise = rng.normal(self.model.shape, stream="noise").to(picture)
        told = self.model.conditioner(batch, num_images=len(picture), device=picture.device)
        velocity = self.model(torch.lerp(picture, noise, times[:, None, None, None]), times, told)
        return {"error": (velocity - (noise - picture)).square().flatten(1).mean(dim=1)}
