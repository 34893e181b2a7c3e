"""The weights of a listener's rule in templates, requests and descriptions."""

from local.emulator.load_balancing.weighted_rules import (
    described,
    forward,
    forward_config,
    weights,
    with_weights,
)

ONE, TWO = "arn:one", "arn:two"


def config(**given: int) -> dict[str, object]:
    return {"TargetGroups": [{"TargetGroupArn": f"arn:{k}", "Weight": w} for k, w in given.items()]}


def test_should_read_weights_of_one_group_and_of_several() -> None:
    assert weights([{"Type": "forward", "TargetGroupArn": ONE}]) == {ONE: 1}
    assert weights([{"Type": "forward", "ForwardConfig": config(one=0, two=7)}]) == {ONE: 0, TWO: 7}
    assert weights([{"Type": "redirect"}]) == {}


def test_should_keep_the_weights_of_a_template() -> None:
    action = with_weights(
        {"Type": "forward", "Order": 3, "TargetGroupArn": ONE}, config(one=0, two=1)
    )
    assert weights([action]) == {ONE: 0, TWO: 1}
    assert (action["Order"], action["TargetGroupArn"]) == (3, TWO)
    plain = {"Type": "fixed-response", "Order": 1}
    assert with_weights(plain, None) == plain


def test_should_keep_the_weights_of_a_request() -> None:
    member = "Actions.member.1.ForwardConfig.TargetGroups.member"
    params = {
        f"{member}.1.TargetGroupArn": [ONE],
        f"{member}.1.Weight": ["5"],
        f"{member}.2.TargetGroupArn": [TWO],
    }
    assert weights([{"ForwardConfig": forward_config(params, "Actions.member.1")}]) == {
        ONE: 5,
        TWO: 1,
    }
    assert forward_config({}, "Actions.member.1") == {}


def test_should_describe_every_group_with_its_weight() -> None:
    xml = described(forward({ONE: 100, TWO: 0}))
    for arn, weight in ((ONE, 100), (TWO, 0)):
        assert f"<TargetGroupArn>{arn}</TargetGroupArn><Weight>{weight}</Weight>" in xml
    assert described({"Type": "redirect"}) == ""
